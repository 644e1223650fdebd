//! The thread that starts processes.
//!
//! Making folders, binding a port and forking block, so they happen here and
//! not on the tasks that carry requests. On Linux a child is told to die with
//! the *thread* that started it, which is why there is one thread for all of
//! them that lives as long as the emulator.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rustix::io::Errno;
use rustix::process::Pid;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;

use super::child::{die_with_parent, leader_of, wait_for_exit};
use super::environment::Environment;
use super::generation::Generation;
use super::interpreter::{Family, Interpreters, Program};
use super::log_pipe::LogPipe;
use super::participants::EXTENSIONS;
use super::processes::Role;
use super::sandbox::Sandbox;
use super::watchdog::Watchdog;
use super::{entrypoint, host, opt, runtime_api, variables};
use crate::engine::{Code, EnvironmentId, FunctionError, News};
use crate::runtime::Packages;

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Make this environment's place, and start its first processes in it.
    Start(Arc<Generation>),
    /// Start the runtime, for which the extensions were waited for.
    StartRuntime(Arc<Generation>),
    /// Start these processes in a place that others had before. Of a
    /// generation that is over by then nothing starts: so each starts once.
    Restart(Arc<Generation>),
    /// Remove what it left on disk.
    CleanUp(Arc<Environment>),
    /// End the thread.
    End,
}

/// The thread's own state.
#[derive(Debug)]
pub(super) struct Spawner {
    packages: Arc<Packages>,
    handle: Handle,
    interpreters: Interpreters,
    watchdog: Option<Watchdog>,
    /// The process groups that the watchdog knows of.
    groups: HashMap<EnvironmentId, Vec<Pid>>,
}

/// Why a process did not start.
enum Refused {
    /// The package is at fault: the caller sees a function error.
    Package(FunctionError),
    /// The host is: the caller sees that it is no limit of AWS.
    Host(Arc<str>),
}

impl Spawner {
    /// Starts the thread; it ends when it is told to.
    pub(super) fn start(
        packages: Arc<Packages>,
        handle: Handle,
    ) -> io::Result<(Sender<Job>, JoinHandle<()>)> {
        let (sender, jobs) = channel();
        let spawner = Self {
            packages,
            handle,
            interpreters: Interpreters::default(),
            watchdog: None,
            groups: HashMap::new(),
        };
        let thread =
            std::thread::Builder::new().name("spawner".to_owned()).spawn(move || spawner.run(&jobs))?;
        Ok((sender, thread))
    }

    fn run(mut self, jobs: &Receiver<Job>) {
        match Watchdog::start(self.packages.folder()) {
            Ok(watchdog) => self.watchdog = Some(watchdog),
            Err(error) => {
                tracing::warn!(%error, "no watchdog: a crash of the emulator may leave processes behind");
            }
        }
        for job in jobs {
            match job {
                Job::Start(generation) => self.start_environment(&generation),
                Job::StartRuntime(generation) => {
                    let started = self.start_runtime(&generation);
                    tell_refusal(&generation, started);
                }
                Job::Restart(generation) => self.restart_environment(&generation),
                Job::CleanUp(environment) => self.clean_up(&environment.sandbox),
                Job::End => return,
            }
        }
    }

    fn clean_up(&mut self, sandbox: &Sandbox) {
        self.forget_groups(sandbox);
        // It may never have come to a folder.
        let _absent = fs::remove_dir_all(&sandbox.folder);
    }

    /// The processes have ended: their numbers may soon be others'.
    fn forget_groups(&mut self, sandbox: &Sandbox) {
        for group in self.groups.remove(&sandbox.id).unwrap_or_default() {
            if let Some(watchdog) = &mut self.watchdog {
                watchdog.note_end(group);
            }
        }
    }

    fn start_environment(&mut self, generation: &Arc<Generation>) {
        if generation.sandbox.ended.is_cancelled() {
            return;
        }
        // Also where this start is over already: the next one needs the folder.
        let made = make_folder(&generation.sandbox).map_err(refused("make a folder for the environment"));
        let started = made.and_then(|()| self.start_processes(generation));
        tell_refusal(generation, started);
    }

    fn restart_environment(&mut self, generation: &Arc<Generation>) {
        self.forget_groups(&generation.sandbox);
        let started = self.start_processes(generation);
        tell_refusal(generation, started);
    }

    /// Gives a generation its Runtime API.
    fn serve(&self, generation: &Arc<Generation>) -> Result<(), Refused> {
        let no_port = refused("open a port for the Runtime API");
        let _runtime = self.handle.enter();
        let listener = bind().map_err(no_port)?;
        generation.set_api(listener.local_addr().map_err(no_port)?);
        self.handle.spawn(runtime_api::serve(listener, Arc::clone(generation)));
        Ok(())
    }

    /// Starts the processes of an open environment: the external extensions,
    /// and the runtime when they have registered. Another generation may be
    /// started in it once this one is over.
    fn start_processes(&mut self, generation: &Arc<Generation>) -> Result<(), Refused> {
        if generation.is_over() {
            return Ok(());
        }
        self.serve(generation)?;
        let extensions = opt::extensions(&generation.sandbox.opt());
        if extensions.is_empty() {
            return self.start_runtime(generation);
        }
        if extensions.len() > EXTENSIONS {
            return Err(extension_error("Extension.TooManyExtensions", "at most 10 extensions can run"));
        }
        let extensions: Vec<(String, PathBuf)> =
            extensions.into_iter().map(|path| (file_name(&path), path)).collect();
        generation.expect_extensions(extensions.iter().map(|(name, _)| name.clone()).collect());
        for (name, executable) in extensions {
            let program = Program { executable, arguments: Vec::new() };
            self.start_process(generation, &Role::Extension(name.into()), &program)?;
        }
        Ok(())
    }

    fn start_runtime(&mut self, generation: &Arc<Generation>) -> Result<(), Refused> {
        let program = self.program(&generation.sandbox)?;
        self.start_process(generation, &Role::Runtime, &program)
    }

    fn start_process(
        &mut self,
        generation: &Arc<Generation>,
        role: &Role,
        program: &Program,
    ) -> Result<(), Refused> {
        let sandbox = &generation.sandbox;
        if generation.is_over() {
            return Ok(());
        }
        let Some(api) = generation.api() else { return Ok(()) };
        let no_pipe = refused("open a pipe for the function's output");
        let (reader, writer) = io::pipe().map_err(no_pipe)?;
        let stderr = writer.try_clone().map_err(no_pipe)?;

        // tokio's process and sockets belong to its runtime.
        let _runtime = self.handle.enter();
        let mut command = Command::new(&program.executable);
        let (variables, folder) = match role {
            Role::Runtime => (variables::for_runtime(sandbox, api), sandbox.task()),
            Role::Extension(_) => (variables::for_extension(sandbox, api), sandbox.opt()),
        };
        command
            .args(&program.arguments)
            .env_clear()
            .envs(variables)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(stderr)
            .process_group(0)
            .kill_on_drop(true);
        die_with_parent(&mut command);
        let child = command.spawn().map_err(|error| not_started(sandbox, role, &error))?;
        drop(command);
        self.watch(generation, role, &child);
        self.attend(generation, role, child, reader).map_err(refused("attend to a process"))
    }

    fn watch(&mut self, generation: &Generation, role: &Role, child: &Child) {
        let Some(leader) = leader_of(child) else { return };
        generation.add_process(role.clone(), leader);
        self.groups.entry(generation.sandbox.id).or_default().push(leader);
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.note_start(leader);
        }
    }

    /// Starts the task that reads the process's output and waits for its end.
    fn attend(
        &self,
        generation: &Arc<Generation>,
        role: &Role,
        child: Child,
        reader: io::PipeReader,
    ) -> io::Result<()> {
        let pipe = Arc::new(LogPipe::new(reader)?);
        if *role == Role::Runtime {
            generation.set_output(Arc::clone(&pipe));
        }
        self.handle.spawn(wait_for_exit(child, pipe, role.clone(), Arc::clone(generation)));
        Ok(())
    }

    /// What runs the function: an interpreter, or the `bootstrap` of its
    /// package, or that of its layers.
    fn program(&mut self, sandbox: &Sandbox) -> Result<Program, Refused> {
        let runtime = &sandbox.function.spec.runtime;
        let interpreter =
            self.interpreters.program(runtime, self.packages.folder()).map_err(Refused::Host)?;
        if let Some(program) = interpreter {
            return Ok(program);
        }
        let places = [sandbox.task(), sandbox.opt()].map(|folder| folder.join("bootstrap"));
        match entrypoint::find(&places) {
            Ok(executable) => Ok(Program { executable, arguments: Vec::new() }),
            Err(fault) => {
                entrypoint::explain(sandbox, fault);
                Err(Refused::Package(FunctionError::InvalidEntrypoint(fault)))
            }
        }
    }
}

fn tell_refusal(generation: &Generation, started: Result<(), Refused>) {
    match started {
        Ok(()) => {}
        Err(Refused::Package(error)) => generation.fail_init(error),
        Err(Refused::Host(reason)) => {
            tracing::error!(function = %generation.sandbox.function.name, "{reason}");
            generation.report(News::StartRefused(reason));
        }
    }
}

/// A folder with the code (a link to the unpacked package, which all
/// environments of a version share), its layers, and an empty stand-in for `/tmp`.
fn make_folder(sandbox: &Sandbox) -> io::Result<()> {
    fs::create_dir_all(sandbox.tmp())?;
    opt::merge(&sandbox.layers, &sandbox.opt())?;
    if let Code::Package(package) = &sandbox.function.spec.code {
        std::os::unix::fs::symlink(&package.root, sandbox.task())?;
    }
    Ok(())
}

/// A port of its own. It needs a tokio runtime.
fn bind() -> io::Result<tokio::net::TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

fn refused(what: &'static str) -> impl Fn(io::Error) -> Refused + Copy {
    move |error| Refused::Host(host::refusal(what, &error))
}

fn extension_error(kind: &str, message: &str) -> Refused {
    let error = serde_json::json!({ "errorType": kind, "errorMessage": message });
    Refused::Package(FunctionError::Reported(error.to_string().into()))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A `bootstrap` or an extension that can't be executed is the package's
/// fault: another machine's program, or a script whose first line names nobody
/// (a carriage return at its end is enough).
fn not_started(sandbox: &Sandbox, role: &Role, error: &io::Error) -> Refused {
    let package = [Errno::NOENT, Errno::NOEXEC, Errno::ACCESS].map(|errno| Some(errno.raw_os_error()));
    if !package.contains(&error.raw_os_error()) {
        return Refused::Host(host::refusal("start a process", error));
    }
    let hint = "see its first line and for which machine it was built";
    match role {
        Role::Extension(name) => {
            extension_error("Extension.LaunchError", &format!("{name} can't be executed: {error}; {hint}"))
        }
        Role::Runtime if Family::of(&sandbox.function.spec.runtime) == Family::Provided => {
            let fault = entrypoint::fault_of(error);
            entrypoint::explain(sandbox, fault);
            Refused::Package(FunctionError::InvalidEntrypoint(fault))
        }
        Role::Runtime => Refused::Host(host::refusal("start a process", error)),
    }
}
