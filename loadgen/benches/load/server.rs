//! Servers whose behaviour is known.
//!
//! - `bare` answers at once, and does nothing else.
//! - `constant` answers [`WORK`] after a request has arrived.
//! - `stall` does the same, but stands still for [`STALL`] of every [`PERIOD`],
//!   as a process that collects garbage does: nothing leaves meanwhile.
//!
//! The last two never sleep: a timer may wake them late, by milliseconds on a
//! machine that is shared. And they tell, when asked for `/truth`, how long they
//! really took.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

pub(crate) const WORK: Duration = Duration::from_millis(10);
pub(crate) const STALL: Duration = Duration::from_secs(1);
pub(crate) const PERIOD: Duration = Duration::from_secs(10);

pub(crate) fn serve(kind: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    match kind {
        "bare" => bare(listener),
        "constant" => awake(&listener, |arrival| arrival + WORK),
        "stall" => {
            let start = Instant::now();
            awake(&listener, move |arrival| start + leaves(arrival - start));
        }
        other => panic!("no server {other}"),
    }
}

/// When the answer leaves to a request that came so long after the start.
pub(crate) fn leaves(arrival: Duration) -> Duration {
    let ready = arrival + WORK;
    let periods = u32::try_from(ready.as_nanos() / PERIOD.as_nanos()).expect("not for years");
    let end = PERIOD * (periods + 1);
    if ready >= end - STALL { end } else { ready }
}

fn bare(listener: TcpListener) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("a socket");
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(connection);
        }
    });
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    Ok(Response::new(Full::new(Bytes::from_static(b"{}"))))
}

/// A connection, and the answer that it waits for.
struct Client {
    stream: TcpStream,
    arrival: Option<Instant>,
    asks_for_truth: bool,
}

/// Looks at every connection again and again.
fn awake(listener: &TcpListener, leaves: impl Fn(Instant) -> Instant) {
    listener.set_nonblocking(true).expect("a socket");
    let (mut clients, mut took) = (Vec::new(), Vec::new());
    loop {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nodelay(true).expect("a socket");
            stream.set_nonblocking(true).expect("a socket");
            clients.push(Client { stream, arrival: None, asks_for_truth: false });
        }
        clients.retain_mut(|client| client.is_served(&leaves, &mut took));
    }
}

impl Client {
    /// Reads a request, or answers it when its time has come. False when the
    /// client has gone.
    fn is_served(&mut self, leaves: &impl Fn(Instant) -> Instant, took: &mut Vec<f64>) -> bool {
        let Some(arrival) = self.arrival else { return self.is_read() };
        let now = Instant::now();
        if self.asks_for_truth {
            self.arrival = None;
            return self.answer(&truth(took));
        }
        if now < leaves(arrival) {
            return true;
        }
        took.push((now - arrival).as_secs_f64() * 1000.0);
        self.arrival = None;
        self.answer("{}")
    }

    /// A request without a body comes in one piece.
    fn is_read(&mut self) -> bool {
        let mut head = [0; 4096];
        match self.stream.read(&mut head) {
            Ok(0) => false,
            Ok(length) => {
                self.arrival = Some(Instant::now());
                self.asks_for_truth = head[..length].starts_with(b"GET /truth");
                true
            }
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    fn answer(&mut self, body: &str) -> bool {
        let length = body.len();
        self.stream
            .write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").as_bytes())
            .is_ok()
    }
}

/// All times that it took, in milliseconds from short to long.
fn truth(took: &mut [f64]) -> String {
    took.sort_by(f64::total_cmp);
    format!("{took:?}")
}
