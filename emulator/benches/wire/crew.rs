//! Open connections that share work.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use super::shot::Shot;

/// One open connection.
#[derive(Debug)]
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    /// To be called on a `LocalSet`.
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::task::spawn_local(async move { drop(connection.await) });
        Self(sender)
    }

    /// The status and the body of the answer.
    pub(crate) async fn ask(&mut self, request: Request<Full<Bytes>>) -> (u16, Bytes) {
        self.0.ready().await.expect("the connection stays open");
        let response = self.0.send_request(request).await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.into_body().collect().await.expect("a body").to_bytes())
    }
}

/// The runtime of all load: one thread, as it has one core.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Open connections to one server, and what they live on.
#[derive(Debug)]
pub(crate) struct Crew {
    // Before the runtime, so that its tasks end first.
    tasks: LocalSet,
    runtime: Runtime,
    connections: Vec<Connection>,
}

impl Crew {
    pub(crate) fn new(address: SocketAddr, connections: usize) -> Self {
        let (tasks, runtime) = (LocalSet::new(), runtime());
        let connections = tasks.block_on(&runtime, async {
            let mut open = Vec::new();
            for _ in 0..connections {
                open.push(Connection::open(address).await);
            }
            open
        });
        Self { tasks, runtime, connections }
    }

    /// Does a job for every number below `count`: a closed loop, in which each
    /// connection takes the next number as soon as it is done with one. The
    /// results come in no order.
    pub(crate) fn share<T, J>(&mut self, count: usize, job: J) -> Vec<T>
    where
        T: 'static,
        J: AsyncFn(&mut Connection, usize) -> T + 'static,
    {
        let (job, next) = (Rc::new(job), Arc::new(AtomicUsize::new(0)));
        let idle = std::mem::take(&mut self.connections);
        let (connections, results) = self.tasks.block_on(&self.runtime, async {
            let work = |mut connection| {
                let (job, next) = (Rc::clone(&job), Arc::clone(&next));
                tokio::task::spawn_local(async move {
                    let mut results = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return (connection, results);
                        }
                        results.push(job(&mut connection, number).await);
                    }
                })
            };
            let working: Vec<_> = idle.into_iter().map(work).collect();
            let (mut connections, mut results) = (Vec::new(), Vec::with_capacity(count));
            for worker in working {
                let (connection, its) = worker.await.expect("a connection's work ends well");
                connections.push(connection);
                results.extend(its);
            }
            (connections, results)
        });
        self.connections = connections;
        results
    }

    /// Sends a shot that many times, and says what the answers were.
    pub(crate) fn fire(&mut self, shot: Shot, count: usize) -> Vec<Bytes> {
        self.share(count, async move |connection, number| shot.fire(connection, number).await)
    }

    /// Sends a shot once.
    pub(crate) fn ask(&mut self, shot: Shot) -> Bytes {
        self.fire(shot, 1).pop().expect("one answer")
    }
}
