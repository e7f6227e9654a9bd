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
pub(crate) use reply::DropConnection;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::faults::Misfortune;
use crate::log::{BodySummary, Outcome, Record};
use crate::wire::{ErrorNumber, ServiceConfig};
use crate::world::World;
use endpoint::Endpoint;
use reply::{Answer, Refusal, Reply};

/// Far above what any valid request needs.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// Answers any request below `/mdm/v2/`.
pub(crate) async fn answer(State(world): State<Arc<World>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(endpoint) = Endpoint::of(parts.uri.path()) else {
        return (StatusCode::NOT_FOUND, "no such endpoint").into_response();
    };
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut record = Record::new(
        &parts,
        world.clock.now(),
        BodySummary::read(endpoint.shape(), &body),
    );
    let mut latency = world.faults.common().faults.latency_ms;
    let reply = match gate::open(&world, endpoint, &parts) {
        Err(refusal) => Reply::refused(refusal, world.faults.common().faults.token_error_status),
        Ok(None) => {
            let faults = world.faults.common();
            Reply::from(Answer::json(&ServiceConfig::new(&origin(&parts), &faults.faults)))
        }
        Ok(Some(caller)) => {
            record.uid = Some(caller.location.uid.clone());
            latency = caller.faults.faults.latency_ms;
            process(&caller, endpoint, &parts, &body).await
        }
    };
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    record.outcome = outcome(&reply);
    world.log.add(record);
    reply.into_response()
}

/// Processes a request whose token was accepted, unless a fault strikes.
async fn process(
    caller: &Caller,
    endpoint: Endpoint,
    parts: &axum::http::request::Parts,
    body: &[u8],
) -> Reply {
    let misfortune = caller.faults.draw();
    match misfortune {
        Misfortune::DropBefore => return Reply::dropped(None),
        Misfortune::TooManyRequests => return Reply::refused(ErrorNumber(9646).into(), 401),
        Misfortune::InternalError => return Reply::refused(ErrorNumber(9603).into(), 401),
        Misfortune::Unavailable { retry_after } => {
            return Reply::refused(ErrorNumber(9729).into(), 401).after(retry_after);
        }
        Misfortune::None | Misfortune::DropAfter => {}
    }
    if let Some(error) = caller.faults.faults.request_error {
        return Reply::refused(ErrorNumber(error).into(), 401);
    }
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
    let reply = match answer {
        Ok(answer) => Reply::from(answer),
        Err(refusal) => Reply::refused(refusal, caller.faults.faults.token_error_status),
    };
    if misfortune == Misfortune::DropAfter {
        Reply::dropped(reply.event)
    } else {
        reply
    }
}

fn outcome(reply: &Reply) -> Outcome {
    Outcome {
        status: (!reply.dropped).then_some(reply.status),
        error_number: reply.error.map(|error| error.0),
        event_id: reply.event,
        accepted: reply.error.is_none() && (!reply.dropped || reply.event.is_some()),
    }
}

/// A JSON body.
pub(crate) fn json_body(bytes: Vec<u8>) -> Body {
    Body::from(bytes)
}

type Handled = Result<Answer, Refusal>;
