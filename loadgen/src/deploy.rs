//! `loadgen deploy` and `loadgen destroy`: the sample function with a queue
//! before it, on the emulator or on AWS. Either can be repeated.

use crate::account::{Account, Code, FunctionSpec, MappingSpec, QueueSpec};
use crate::aws;
use crate::cli::{DeployFlags, DestroyFlags};
use crate::failure::{Failure, exit};
use crate::outputs::print;
use crate::report::text::mark;
use crate::run::complete;
use crate::target::Clients;
use std::process::ExitCode;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// AWS advises six times the function's timeout.
const VISIBILITY: Duration = Duration::from_secs(90);
const MOST_RECEIVES: u32 = 5;

/// `loadgen deploy`
pub fn deploy(flags: &DeployFlags) -> ExitCode {
    complete(put(flags))
}

/// `loadgen destroy`
pub fn destroy(flags: &DestroyFlags) -> ExitCode {
    complete(take_away(flags))
}

async fn put(flags: &DeployFlags) -> Result<u8, Failure> {
    let name = &flags.name;
    let clients = Clients::connect(&flags.target).await?;
    let what = format!("function {name}, queue {name} with dead-letter queue, and a mapping");
    aws::ask_before_change(flags.yes, &clients, &what).await?;
    let mut account = Account::new(&clients, flags.role.clone(), name, CancellationToken::new());
    tell("function", name, account.ensure_function(&function(flags)).await?);
    if account.reserved(name).await? != flags.reserved.map(u32::cast_signed) {
        account.set_reserved(name, flags.reserved.map(u32::cast_signed)).await?;
        tell("reserved concurrency", &flags.reserved.map_or("none".to_owned(), |n| n.to_string()), "set");
    }
    let queue = QueueSpec {
        name: name.clone(),
        visibility_timeout: Some(VISIBILITY),
        delay: None,
        dead_letter_after: Some(MOST_RECEIVES),
    };
    tell("queue", name, account.ensure_queue(&queue).await?);
    let mapping = MappingSpec {
        queue: name.clone(),
        function: name.clone(),
        batch_size: 10,
        window: None,
        maximum_concurrency: None,
    };
    tell("mapping", &format!("{name} → {name}"), account.ensure_mapping(&mapping).await?);
    Ok(exit::DONE)
}

fn function(flags: &DeployFlags) -> FunctionSpec {
    let mut spec = FunctionSpec::sample(&flags.name);
    spec.memory_mb = flags.memory;
    if let Some(path) = &flags.package {
        spec.code = Code::Zip {
            path: path.clone(),
            runtime: "provided.al2023".to_owned(),
            handler: "bootstrap".to_owned(),
        };
    }
    spec
}

async fn take_away(flags: &DestroyFlags) -> Result<u8, Failure> {
    let name = &flags.name;
    let clients = Clients::connect(&flags.target).await?;
    let what = format!("delete function {name}, queue {name}, its dead-letter queue and the mapping");
    aws::ask_before_change(flags.yes, &clients, &what).await?;
    let account = Account::new(&clients, None, name, CancellationToken::new());
    // A mapping without its function could not be found any more.
    tell("mapping", &format!("{name} → {name}"), account.remove_mappings(name, name).await?);
    tell("function", name, account.remove_function(name).await?);
    tell("queue", name, account.remove_queue(name).await?);
    let dead = crate::account::dead_letter_name(name);
    tell("queue", &dead, account.remove_queue(&dead).await?);
    Ok(exit::DONE)
}

fn tell(kind: &str, name: &str, what: &str) {
    print(&format!("{} {kind} {name}: {what}\n", mark(true)));
}
