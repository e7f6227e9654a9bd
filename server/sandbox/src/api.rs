//! Apple's App and Book Management API v2, without subscriptions. Every request passes the same gate, in Apple's order of
//! errors (apple-api.md §1.14), and is noted in the log.

mod assets;
mod assignments;
mod client_config;
mod endpoint;
mod gate;
mod manage;
mod origin;
mod query;
mod reply;
mod status;
mod users;

pub(crate) use gate::Caller;
pub(crate) use origin::origin;
pub(crate) use reply::{Answer, DropConnection, Reply};

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::faults::{ActiveFaults, Faults, Misfortune};
use crate::log::{BodySummary, Outcome, Record};
use crate::receiving::{InTime, Unread};
use crate::wire::{ErrorNumber, ServiceConfig};
use crate::world::World;
use endpoint::Endpoint;
use reply::Refusal;

/// Apple documents no number for a path or a size that it does not know.
const INVALID: ErrorNumber = ErrorNumber(9602);
/// Far above what any valid request needs.
pub(crate) const MAX_BODY: usize = 16 * 1024 * 1024;

/// Answers any request below `/mdm/v2/`.
pub(crate) async fn answer(
    State(world): State<Arc<World>>,
    parts: Parts,
    body: Result<InTime<Bytes>, Unread<BytesRejection>>,
) -> Response {
    let mut record = Record::new(&parts, world.clock.now());
    let mut faults = world.faults.common();
    let refused = |status: StatusCode| {
        let status = status.as_u16();
        Reply::refused(Refusal::from(INVALID).with_status(status), status)
    };
    let reply = match (Endpoint::of(parts.uri.path()), body) {
        (None, _) => refused(StatusCode::NOT_FOUND),
        (Some(_), Err(unread)) => refused(unread.status()),
        (Some(endpoint), Ok(InTime(body))) => {
            record.body = BodySummary::read(endpoint.shape(), &body);
            match gate::open(&world, endpoint, &parts) {
                Err(refusal) => Reply::refused(refusal, faults.faults.token_error_status),
                Ok(None) => service_config(&faults, &parts),
                Ok(Some(caller)) => {
                    record.uid = Some(caller.location.uid.clone());
                    faults = Arc::clone(&caller.faults);
                    process(&caller, endpoint, &parts, &body).await
                }
            }
        }
    };
    send(&world, record, reply, &faults.faults).await
}

/// Sends a reply when it was noted what became of the request, and as late as ordered.
pub(crate) async fn send(world: &World, record: Record, reply: Reply, faults: &Faults) -> Response {
    // Before the wait: a client that hangs up meanwhile ends it, and what it asked for is done all the same.
    world.log.add(Record {
        outcome: outcome(&reply),
        ..record
    });
    linger(faults).await;
    reply.into_response()
}

/// The answer that needs no token.
fn service_config(faults: &ActiveFaults, parts: &Parts) -> Reply {
    strike_if(faults.faults.faults_at_service_config, faults).map_or_else(
        |reply| reply,
        |delivery| {
            let config = ServiceConfig::new(&origin(parts), &faults.faults);
            delivery.of(Answer::json(&config).into())
        },
    )
}

/// Waits as long as answers take by order.
async fn linger(faults: &Faults) {
    if faults.latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(faults.latency_ms)).await;
    }
}

/// Whether the answer to a request that is processed arrives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Delivery {
    Arrives,
    IsLost,
}

impl Delivery {
    pub(crate) fn of(self, reply: Reply) -> Reply {
        match self {
            Self::Arrives => reply,
            Self::IsLost => reply.lost(),
        }
    }
}

/// As [`strike`], where a switch decides whether they may.
pub(crate) fn strike_if(switch: bool, faults: &ActiveFaults) -> Result<Delivery, Reply> {
    if switch {
        strike(faults)
    } else {
        Ok(Delivery::Arrives)
    }
}

/// Lets the faults of the setting strike a request: the reply is what the client gets in place of the true one.
fn strike(faults: &ActiveFaults) -> Result<Delivery, Reply> {
    let misfortune = faults.draw();
    let faults = &faults.faults;
    let error = match misfortune {
        Misfortune::DropBefore => return Err(Reply::unprocessed()),
        Misfortune::TooManyRequests => Some(9646),
        Misfortune::InternalError => Some(9603),
        Misfortune::Unavailable => Some(9729),
        Misfortune::None | Misfortune::DropAfter => faults.request_error,
    };
    match error {
        Some(error) => Err(
            Reply::refused(ErrorNumber(error).into(), faults.token_error_status)
                .later(faults.random.retry_after),
        ),
        None if misfortune == Misfortune::DropAfter => Ok(Delivery::IsLost),
        None => Ok(Delivery::Arrives),
    }
}

/// Processes a request whose token was accepted, unless a fault strikes.
async fn process(caller: &Caller, endpoint: Endpoint, parts: &Parts, body: &[u8]) -> Reply {
    let delivery = match strike(&caller.faults) {
        Ok(delivery) => delivery,
        Err(reply) => return reply,
    };
    if let Err(refusal) = caller.check_pace() {
        return Reply::refused(refusal, 401);
    }
    caller.suffer_claim();
    let answer = match endpoint {
        Endpoint::ServiceConfig => Err(ErrorNumber(9603).into()),
        Endpoint::ClientConfig if parts.method == axum::http::Method::GET => Ok(client_config::read(caller)),
        Endpoint::ClientConfig => client_config::write(caller, body).await,
        Endpoint::Assets => assets::list(caller, &parts.uri),
        Endpoint::Assignments => assignments::list(caller, &parts.uri),
        Endpoint::Users => users::list(caller, &parts.uri),
        Endpoint::Manage(kind) => manage::assets(caller, kind, body),
        Endpoint::ManageUsers(kind) => manage::users(caller, kind, body),
        Endpoint::Status => status::read(caller, &parts.uri),
    };
    delivery.of(match answer {
        Ok(answer) => Reply::from(answer),
        Err(refusal) => Reply::refused(refusal, caller.faults.faults.token_error_status),
    })
}

fn outcome(reply: &Reply) -> Outcome {
    Outcome {
        status: (!reply.dropped).then_some(reply.status),
        error_number: reply.error.map(|error| error.0),
        event_id: reply.event,
        accepted: reply.processed,
    }
}

/// A JSON body.
pub(crate) fn json_body(bytes: Vec<u8>) -> Body {
    Body::from(bytes)
}

type Handled = Result<Answer, Refusal>;
