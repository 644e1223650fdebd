//! The query protocol's names of collections.
//!
//! JSON says `"Messages": […]` where the query protocol numbers or repeats
//! `Message`; everything else has the same name in both. Requests are folded
//! and answers unfolded by this one table.

/// A list or a map, by both names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Collection {
    /// In JSON.
    pub(super) plural: &'static str,
    singular: Singular,
    pub(super) form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    List,
    /// Entries with the key under this name and the value under `Value`.
    Map {
        key: &'static str,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Singular {
    Is(&'static str),
    /// The action's own name goes before it.
    AfterAction(&'static str),
}

const COLLECTIONS: [Collection; 17] = [
    list("AWSAccountIds", Singular::Is("AWSAccountId")),
    list("Actions", Singular::Is("ActionName")),
    list("AttributeNames", Singular::Is("AttributeName")),
    list("Entries", Singular::AfterAction("RequestEntry")),
    list("Failed", Singular::Is("BatchResultErrorEntry")),
    list("MessageAttributeNames", Singular::Is("MessageAttributeName")),
    list("MessageSystemAttributeNames", Singular::Is("MessageSystemAttributeName")),
    list("Messages", Singular::Is("Message")),
    list("QueueUrls", Singular::Is("QueueUrl")),
    list("Results", Singular::AfterAction("ResultEntry")),
    list("Successful", Singular::AfterAction("ResultEntry")),
    list("TagKeys", Singular::Is("TagKey")),
    // ListDeadLetterSourceQueues has a small letter in JSON.
    list("queueUrls", Singular::Is("QueueUrl")),
    map("Attributes", "Attribute", "Name"),
    map("MessageAttributes", "MessageAttribute", "Name"),
    map("MessageSystemAttributes", "MessageSystemAttribute", "Name"),
    map("Tags", "Tag", "Key"),
];

/// Members that are numbers in JSON.
const NUMBERS: [&str; 6] = [
    "DelaySeconds",
    "MaxNumberOfMessages",
    "MaxNumberOfMessagesPerSecond",
    "MaxResults",
    "VisibilityTimeout",
    "WaitTimeSeconds",
];

/// The collection that a request calls by this singular.
pub(super) fn by_singular(action: &str, name: &str) -> Option<&'static Collection> {
    COLLECTIONS.iter().find(|collection| match collection.singular {
        Singular::Is(singular) => singular == name,
        Singular::AfterAction(rest) => name.strip_prefix(action) == Some(rest),
    })
}

/// The collection that JSON calls by this plural, and its singular.
pub(super) fn by_plural(action: &str, name: &str) -> Option<(&'static Collection, String)> {
    let collection = COLLECTIONS.iter().find(|collection| collection.plural == name)?;
    let singular = match collection.singular {
        Singular::Is(singular) => singular.to_owned(),
        Singular::AfterAction(rest) => format!("{action}{rest}"),
    };
    Some((collection, singular))
}

pub(super) fn is_number(name: &str) -> bool {
    NUMBERS.contains(&name)
}

const fn list(plural: &'static str, singular: Singular) -> Collection {
    Collection { plural, singular, form: Form::List }
}

const fn map(plural: &'static str, singular: &'static str, key: &'static str) -> Collection {
    Collection { plural, singular: Singular::Is(singular), form: Form::Map { key } }
}
