//! A byte stream to an endpoint, with TLS where the URL says so.

use super::endpoint::Endpoint;
use super::tap::{Departure, Tap};
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A long accept queue is no error; nobody there is.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Plain or encrypted.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Bytes for T {}

pub(super) type Stream = Pin<Box<dyn Bytes>>;

/// Opens connections to one endpoint.
#[derive(Clone)]
pub(super) struct Connector {
    endpoint: Endpoint,
    #[cfg(feature = "aws")]
    tls: Option<tls::Tls>,
}

impl Connector {
    #[cfg(feature = "aws")]
    pub(super) fn new(endpoint: Endpoint) -> io::Result<Connector> {
        let tls = endpoint.tls.then(|| tls::Tls::new(&endpoint.host)).transpose()?;
        Ok(Connector { endpoint, tls })
    }

    #[cfg(not(feature = "aws"))]
    pub(super) fn new(endpoint: Endpoint) -> io::Result<Connector> {
        match endpoint.tls {
            true => Err(io::Error::other("this build leaves out TLS: build loadgen with the feature `aws`")),
            false => Ok(Connector { endpoint }),
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) async fn connect(&self) -> io::Result<(Stream, Departure)> {
        match tokio::time::timeout(CONNECT_TIMEOUT, self.open()).await {
            Ok(opened) => opened,
            Err(_) => Err(io::Error::other(format!("no connection within {CONNECT_TIMEOUT:?}"))),
        }
    }

    async fn open(&self) -> io::Result<(Stream, Departure)> {
        let socket = TcpStream::connect(self.endpoint.resolved()).await?;
        // A request must not wait for the acknowledgement of the one before.
        socket.set_nodelay(true)?;
        let departure = Departure::default();
        let tap = Tap { socket, departure: departure.clone() };
        #[cfg(feature = "aws")]
        if let Some(tls) = &self.tls {
            return Ok((Box::pin(tls.wrap(tap).await?), departure));
        }
        Ok((Box::pin(tap), departure))
    }
}

#[cfg(feature = "aws")]
mod tls {
    use super::Tap;
    use std::io;
    use std::sync::{Arc, LazyLock};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::ServerName;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    /// Reading the system's certificates takes longer than a request, so it is
    /// done once. SSL_CERT_FILE names others.
    static CONFIG: LazyLock<Result<Arc<ClientConfig>, String>> = LazyLock::new(config);

    #[derive(Clone)]
    pub(super) struct Tls {
        connector: TlsConnector,
        name: ServerName<'static>,
    }

    impl Tls {
        pub(super) fn new(host: &str) -> io::Result<Tls> {
            let config = CONFIG.clone().map_err(io::Error::other)?;
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            Ok(Tls { connector: TlsConnector::from(config), name })
        }

        pub(super) async fn wrap(&self, tap: Tap) -> io::Result<TlsStream<Tap>> {
            let stream = self.connector.connect(self.name.clone(), tap).await?;
            Ok(stream)
        }
    }

    fn config() -> Result<Arc<ClientConfig>, String> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (known, _) = roots.add_parsable_certificates(found.certs);
        if known == 0 {
            return Err(
                "this machine has no root certificates; install the package ca-certificates".to_owned()
            );
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
        Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    }
}
