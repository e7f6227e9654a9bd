//! Starting and stopping: one listener, every connection with TCP_NODELAY, and connections that are dropped by order.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::api::DropConnection;
use crate::control::{Control, ControlError};
use crate::events::{catch_up, sender};
use crate::faults::FaultTable;
use crate::log::RequestLog;
use crate::random::Dice;
use crate::routes::routes;
use crate::saved;
use crate::settings::SandboxSettings;
use crate::world::World;

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The sender of notifications cannot be made.
    #[error("cannot make the sender of notifications: {0}")]
    Sender(#[from] reqwest::Error),
    /// An organisation cannot be generated.
    #[error("cannot generate an organisation: {0}")]
    Organisation(#[from] ControlError),
    /// The file with the saved state cannot be read.
    #[error("cannot read the saved sandbox {}: {source}", path.display())]
    Saved {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file with the saved state is not what was written.
    #[error("the saved sandbox {} is damaged ({reason}); delete it to begin with a new one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    address: SocketAddr,
}

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped by order")]
struct Dropped;

impl Sandbox {
    /// Starts on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on, an organisation cannot be generated, or the saved state cannot be read or is
    /// damaged.
    pub async fn start(settings: SandboxSettings) -> Result<Self, StartError> {
        let address = settings.address;
        let listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let saved = settings.saved.as_deref().map(saved::read).transpose()?.flatten();
        let dice = match saved {
            Some(_) => Dice::again(settings.seed, settings.clock.now()),
            None => Dice::new(settings.seed),
        };
        let world = Arc::new(World::new(
            settings.clock,
            dice,
            FaultTable::new(settings.faults),
            RequestLog::new(settings.log_capacity),
            sender()?,
            settings.body_patience,
        ));
        match saved.zip(settings.saved) {
            Some((saved, path)) => {
                saved
                    .restore(&world)
                    .map_err(|reason| StartError::Damaged { path, reason })?;
                catch_up(&world).await;
            }
            None => {
                let control = Control::new(Arc::clone(&world));
                for organisation in &settings.organisations {
                    control.add_organisation(organisation)?;
                }
            }
        }
        let router = routes(Arc::clone(&world));
        world.tasks.spawn(listen_on(listener, router, Arc::clone(&world)));
        Ok(Self { world, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API's base, as `https://vpp.itunes.apple.com/mdm/v2/` is Apple's.
    pub fn base_url(&self) -> String {
        format!("http://{}/mdm/v2/", self.address)
    }

    /// The control API's base.
    pub fn control_url(&self) -> String {
        format!("http://{}/control/", self.address)
    }

    /// What the control API does, without HTTP.
    pub fn control(&self) -> Control {
        Control::new(Arc::clone(&self.world))
    }

    /// Stops listening, ends all connections and tasks, and waits for them.
    pub async fn shutdown(self) {
        self.world.stop.cancel();
        self.world.tasks.close();
        self.world.tasks.wait().await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.world.stop.cancel();
    }
}

async fn listen_on(listener: TcpListener, router: Router, world: Arc<World>) {
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (stop, router) = (world.stop.clone(), router.clone());
                    world
                        .tasks
                        .spawn(async move { stop.run_until_cancelled(converse(stream, router)).await });
                }
                Err(error) => tracing::warn!(%error, "a connection could not be accepted"),
            }
        }
    };
    world.stop.run_until_cancelled(accept).await;
}

/// Serves one connection. An error of the service closes it without an answer.
async fn converse(stream: TcpStream, router: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let peer = stream.peer_addr().ok().map(ConnectInfo);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        let router = router.clone();
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        async move {
            let answer: Result<Response, Infallible> = router.oneshot(request.map(Body::new)).await;
            let Ok(response) = answer;
            match response.extensions().get::<DropConnection>() {
                Some(_) => Err(Dropped),
                None => Ok(response),
            }
        }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
}
