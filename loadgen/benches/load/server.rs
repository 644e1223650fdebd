//! Servers whose behaviour is known.
//!
//! - `bare` answers at once, and does nothing else.
//! - `constant` answers [`WORK`] after a request has arrived, to some ten
//!   microseconds.
//! - `stall` does the same, but stands still for [`STALL`] of every [`PERIOD`],
//!   as a process that collects garbage does: nothing leaves meanwhile.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

pub(crate) const WORK: Duration = Duration::from_millis(10);
pub(crate) const STALL: Duration = Duration::from_secs(1);
pub(crate) const PERIOD: Duration = Duration::from_secs(10);

/// What the kernel's timer may be late by; the rest is waited for awake.
const SLACK: Duration = Duration::from_micros(150);

pub(crate) fn serve(kind: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    match kind {
        "bare" => bare(listener),
        "constant" => each_in_a_thread(&listener, |arrival| arrival + WORK),
        "stall" => {
            let start = Instant::now();
            each_in_a_thread(&listener, move |arrival| start + leaves(arrival - start));
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

/// A thread for each connection: nobody waits for another's turn.
fn each_in_a_thread(listener: &TcpListener, leaves: impl Fn(Instant) -> Instant + Copy + Send + 'static) {
    for stream in listener.incoming().flatten() {
        stream.set_nodelay(true).expect("a socket");
        std::thread::spawn(move || answer_each(&stream, leaves));
    }
}

fn answer_each(stream: &TcpStream, leaves: impl Fn(Instant) -> Instant) {
    let mut reader = BufReader::new(stream);
    while read_head(&mut reader).is_some() {
        let leave = leaves(Instant::now());
        std::thread::sleep(leave.saturating_duration_since(Instant::now()).saturating_sub(SLACK));
        while Instant::now() < leave {
            std::hint::spin_loop();
        }
        let mut writer = stream;
        if writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").is_err() {
            break;
        }
    }
}

/// Reads a request without a body to its empty line.
fn read_head(reader: &mut BufReader<&TcpStream>) -> Option<()> {
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => return None,
            Ok(_) if line == "\r\n" => return Some(()),
            Ok(_) => {}
        }
    }
}
