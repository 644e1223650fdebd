//! The `emulator` command.

mod cli;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use emulator::{Emulator, StartError};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use cli::{Cli, LogFormat};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.log_format);
    match run(&cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}\n\nhint: {}", remedy(&error));
            ExitCode::from(2)
        }
    }
}

async fn run(cli: &Cli) -> Result<(), StartError> {
    let config = cli.config();
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let emulator = Emulator::builder().config(config.clone()).start().await?;
    if !emulator.address().ip().is_loopback() {
        tracing::warn!(
            address = %emulator.address(),
            "listening beyond loopback: whoever reaches this address can run code on this machine"
        );
    }
    tracing::info!(
        region = config.region,
        account = config.account_id,
        concurrency = config.quotas.account_concurrency,
        clock = config.clock.gear.as_str(),
        speed = config.clock.speed,
        skip_idle = config.clock.skip_idle,
        verifies_signatures = !config.credentials.is_empty(),
        "started with an empty account"
    );
    // Whoever started this may wait for the line and close its end after it.
    let _closed = writeln!(io::stdout(), "listening on {}", emulator.endpoint());
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = terminated.recv() => {}
    }
    tracing::info!("stopping");
    emulator.shutdown().await;
    Ok(())
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

fn remedy(error: &StartError) -> &'static str {
    match error {
        StartError::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
            "another program uses this port; choose another with --listen 127.0.0.1:PORT"
        }
        StartError::Listen { .. } => "choose an address of this machine with --listen ADDRESS:PORT",
        StartError::Config(_) => "see emulator --help",
        StartError::Host(_) => "see that the folder for temporary files (TMPDIR) can be written to",
    }
}
