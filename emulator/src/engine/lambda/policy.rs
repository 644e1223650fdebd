//! Resource-based policies: kept and given back, not enforced. There is one
//! caller here, and it may do everything.

use std::sync::Arc;

use crate::engine::ids::Uuid;

/// One permission of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its name, unique in its policy.
    pub sid: Arc<str>,
    /// The whole of it, as it is shown.
    pub text: Arc<str>,
}

/// The permissions on one resource, in the order in which they were added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    revision_id: Uuid,
    statements: Vec<Statement>,
}

/// Why a policy was not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyError {
    /// There is a statement of that name.
    StatementExists(Arc<str>),
    /// The resource has no policy.
    Missing,
    /// The policy has no statement of that name.
    StatementNotFound(Arc<str>),
    /// The caller changes a policy that is not the latest.
    RevisionMismatch,
    /// The policy would be too long.
    TooLong {
        /// What it would take, in bytes.
        size: usize,
        /// What it may take.
        limit: usize,
    },
}

impl Policy {
    /// A policy's longest text, in bytes (Developer Guide, "Lambda quotas": 20 KB).
    const LONGEST: usize = 20_480;

    /// What stands around the statements of a policy, in bytes.
    const FRAME: usize = 54;

    /// Changes with every change of the policy.
    pub fn revision_id(&self) -> Uuid {
        self.revision_id
    }

    /// Its statements, the oldest first.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Adds a statement to a policy that may not be there yet. `revision`, if
    /// any, must be the policy's or `resource`, that of what it is about.
    pub(crate) fn add(
        policy: &mut Option<Self>,
        statement: Statement,
        (revision, resource): (Option<Uuid>, Option<Uuid>),
        fresh: Uuid,
    ) -> Result<(), PolicyError> {
        let current = policy.as_ref().map(Self::revision_id);
        check_revision(revision, current, resource)?;
        let there = policy.as_ref().map_or(&[][..], Self::statements);
        if there.iter().any(|other| other.sid == statement.sid) {
            return Err(PolicyError::StatementExists(statement.sid));
        }
        let texts: usize = there.iter().map(|other| other.text.len() + 1).sum();
        let size = Self::FRAME + texts + statement.text.len();
        if size > Self::LONGEST {
            return Err(PolicyError::TooLong { size, limit: Self::LONGEST });
        }
        let policy = policy.get_or_insert(Self { revision_id: fresh, statements: Vec::new() });
        policy.revision_id = fresh;
        policy.statements.push(statement);
        Ok(())
    }

    /// Removes a statement, and with the last one the policy.
    pub(crate) fn remove(
        policy: &mut Option<Self>,
        sid: &str,
        (revision, resource): (Option<Uuid>, Option<Uuid>),
        fresh: Uuid,
    ) -> Result<(), PolicyError> {
        let there = policy.as_mut().ok_or(PolicyError::Missing)?;
        let at = there.statements.iter().position(|statement| *statement.sid == *sid);
        let at = at.ok_or_else(|| PolicyError::StatementNotFound(sid.into()))?;
        check_revision(revision, Some(there.revision_id), resource)?;
        there.statements.remove(at);
        there.revision_id = fresh;
        if there.statements.is_empty() {
            *policy = None;
        }
        Ok(())
    }
}

fn check_revision(
    given: Option<Uuid>,
    policy: Option<Uuid>,
    resource: Option<Uuid>,
) -> Result<(), PolicyError> {
    if given.is_none() || given == policy || given == resource {
        return Ok(());
    }
    Err(PolicyError::RevisionMismatch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_REVISION: (Option<Uuid>, Option<Uuid>) = (None, None);

    fn statement(sid: &str, length: usize) -> Statement {
        Statement { sid: sid.into(), text: "s".repeat(length).into() }
    }

    #[test]
    fn a_policy_comes_with_its_first_statement_and_goes_with_its_last() {
        let [one, two, three] = [1, 2, 3].map(Uuid::from_random);
        let mut policy = None;
        assert_eq!(Policy::remove(&mut policy, "a", NO_REVISION, one), Err(PolicyError::Missing));
        assert_eq!(Policy::add(&mut policy, statement("a", 1), (Some(two), Some(two)), one), Ok(()));
        let again = Policy::add(&mut policy, statement("a", 1), NO_REVISION, two);
        assert_eq!(again, Err(PolicyError::StatementExists("a".into())));
        let stale = Policy::add(&mut policy, statement("b", 1), (Some(three), Some(two)), two);
        assert_eq!(stale, Err(PolicyError::RevisionMismatch));
        assert_eq!(Policy::add(&mut policy, statement("b", 1), (Some(one), None), two), Ok(()));
        assert_eq!(policy.as_ref().map(Policy::revision_id), Some(two));
        let unknown = Policy::remove(&mut policy, "c", NO_REVISION, three);
        assert_eq!(unknown, Err(PolicyError::StatementNotFound("c".into())));
        for sid in ["a", "b"] {
            assert_eq!(Policy::remove(&mut policy, sid, NO_REVISION, three), Ok(()));
        }
        assert_eq!(policy, None);
    }

    #[test]
    fn a_policy_is_at_most_20_kb_long() {
        let fresh = Uuid::from_random(1);
        let mut policy = None;
        let fits = Policy::LONGEST - Policy::FRAME - 2;
        assert_eq!(Policy::add(&mut policy, statement("a", fits), NO_REVISION, fresh), Ok(()));
        let over = Policy::add(&mut policy, statement("b", 2), NO_REVISION, fresh);
        assert_eq!(over, Err(PolicyError::TooLong { size: 20_481, limit: 20_480 }));
        assert_eq!(Policy::add(&mut policy, statement("b", 1), NO_REVISION, fresh), Ok(()));
    }
}
