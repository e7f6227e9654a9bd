//! One call to Apple: the turn, the request, the answer, the judgement, and trying again.

use std::num::NonZeroU32;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue};
use reqwest::{Client, Method, Response, StatusCode};
use secrecy::SecretString;
use tracing::{debug, warn};

use crate::destination::Destination;
use crate::fault::{self, ErrorInfo, Fault, FaultKind, Outcome};
use crate::message;
use crate::pace::Pacer;
use crate::reply::{Head, Missing, Reply};
use crate::retry;
use crate::settings::{Jitter, RetryBounds};
use crate::token::ServerToken;

/// What a call does. A read may always be sent again.
pub(crate) enum Verb<'a> {
    Read,
    Write(Body<'a>),
}

/// A JSON body to POST.
pub(crate) struct Body<'a> {
    pub json: Vec<u8>,
    /// What stands in it in clear.
    pub secrets: Vec<&'a SecretString>,
}

/// How the token goes along.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Credential<'a> {
    None,
    Bearer(&'a ServerToken),
    /// As cookie `itvt`, for the metadata look-up.
    Cookie(&'a ServerToken),
}

pub(crate) struct Call<'a> {
    pub verb: Verb<'a>,
    pub to: &'a Destination,
    pub credential: Credential<'a>,
    /// Whose turn is taken for each attempt, and the requests per second (`None`: no limit).
    pub pacer: Option<(&'a Pacer, Option<NonZeroU32>)>,
}

/// Sends calls.
pub(crate) struct Exchange {
    pub http: Client,
    pub jitter: Jitter,
    pub max_body_bytes: usize,
}

/// How far a call is.
#[derive(Default)]
struct Progress {
    /// What the last attempt that is over failed of.
    last: Option<Fault>,
    /// Whether the present attempt may have left.
    sent: bool,
}

impl Exchange {
    /// Sends `call` until it is answered, the fault is one to hand on, or the time for it is over. Then the last fault is
    /// told, or that there was no turn to send it; but of a write that is on its way nobody knows what becomes.
    pub(crate) async fn run<R: Reply>(
        &self,
        call: &Call<'_>,
        bounds: &RetryBounds,
    ) -> Result<(Head, R::Body), Fault> {
        let mut progress = Progress::default();
        match tokio::time::timeout(bounds.in_all, self.attempts::<R>(call, bounds, &mut progress)).await {
            Ok(answer) => answer,
            Err(_) => Err(call.out_of_time(progress)),
        }
    }

    async fn attempts<R: Reply>(
        &self,
        call: &Call<'_>,
        bounds: &RetryBounds,
        progress: &mut Progress,
    ) -> Result<(Head, R::Body), Fault> {
        let mut attempt = 1;
        loop {
            if let Some((pacer, rate)) = call.pacer {
                pacer.turn(rate, bounds.longest_wait).await?;
            }
            progress.sent = true;
            let fault = match self.once::<R>(call).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            progress.sent = false;
            let path = call.to.url().path();
            let Some(delay) = bounds.delay_after(attempt, &fault, (self.jitter)()) else {
                if let (Some((pacer, _)), Some(pause)) = (call.pacer, fault.retry_after) {
                    pacer.hold(pause);
                }
                debug!(
                    path,
                    attempt,
                    number = fault.number,
                    status = fault.http_status,
                    "call failed: {fault}"
                );
                return Err(fault);
            };
            warn!(
                path,
                attempt,
                ?delay,
                number = fault.number,
                status = fault.http_status,
                "trying again: {fault}"
            );
            let held = fault.kind == FaultKind::Wait || fault.retry_after.is_some();
            progress.last = Some(fault);
            match call.pacer {
                Some((pacer, _)) if held => pacer.hold(delay),
                _ => tokio::time::sleep(delay).await,
            }
            attempt += 1;
        }
    }

    async fn once<R: Reply>(&self, call: &Call<'_>) -> Result<(Head, R::Body), Fault> {
        let response = self.send(call).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let verdict = match self.body(response).await {
            Ok(body) => judge::<R>(status, &headers, &body),
            Err(fault) => Err(Fault {
                http_status: Some(status.as_u16()),
                outcome: Outcome::Unknown,
                ..fault
            }),
        };
        verdict.map_err(|fault| call.finish(fault))
    }

    async fn send(&self, call: &Call<'_>) -> Result<Response, Fault> {
        let (method, body) = match &call.verb {
            Verb::Read => (Method::GET, None),
            Verb::Write(body) => (Method::POST, Some(body.json.clone())),
        };
        let mut request = self.http.request(method, call.to.url().clone());
        if let Some((name, value)) = match call.credential {
            Credential::None => None,
            Credential::Bearer(token) => Some((AUTHORIZATION, header_value(token.bearer())?)),
            Credential::Cookie(token) => Some((COOKIE, header_value(token.cookie())?)),
        } {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        request
            .send()
            .await
            .map_err(|error| call.finish(transport(&error)))
    }

    /// The body, up to the largest accepted.
    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Fault> {
        let too_large =
            || Fault::protocol(format!("the answer is larger than {} bytes", self.max_body_bytes));
        let announced = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        if announced > self.max_body_bytes {
            return Err(too_large());
        }
        let mut body = Vec::with_capacity(announced);
        while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
            if body.len() + chunk.len() > self.max_body_bytes {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

impl Call<'_> {
    /// What to tell when the time is over.
    fn out_of_time(&self, progress: Progress) -> Fault {
        match (progress, &self.verb, self.pacer) {
            (Progress { sent: true, .. }, Verb::Write(_), _) => no_answer(Outcome::Unknown),
            (Progress { last: Some(last), .. }, ..) => last,
            (Progress { sent: false, .. }, _, Some((pacer, _))) => pacer.too_late(),
            _ => no_answer(Outcome::NotProcessed),
        }
    }

    /// What goes along with it and is for Apple alone.
    fn secrets(&self) -> Vec<&SecretString> {
        let mut secrets = match &self.verb {
            Verb::Read => Vec::new(),
            Verb::Write(body) => body.secrets.clone(),
        };
        if let Credential::Bearer(token) | Credential::Cookie(token) = self.credential {
            secrets.push(token.secret());
        }
        secrets
    }

    /// The last touches to a fault: a read has no outcome to worry about, and no message repeats a secret.
    fn finish(&self, mut fault: Fault) -> Fault {
        if matches!(self.verb, Verb::Read) {
            fault.outcome = Outcome::NotProcessed;
        }
        fault.message = message::passed_on(&fault.message, &self.secrets());
        fault
    }
}

fn header_value(value: Option<HeaderValue>) -> Result<HeaderValue, Fault> {
    value.ok_or_else(|| {
        Fault::local(
            FaultKind::Token,
            "the stored token is not the text of a token file",
        )
    })
}

/// A connection that failed or broke; the address is left out, because its query may name people.
fn transport(error: &reqwest::Error) -> Fault {
    let (message, outcome) = if error.is_connect() {
        ("no connection to Apple could be made", Outcome::NotProcessed)
    } else if error.is_timeout() {
        return no_answer(Outcome::Unknown);
    } else {
        ("the connection to Apple broke", Outcome::Unknown)
    };
    Fault {
        outcome,
        ..Fault::local(FaultKind::Unreachable, message)
    }
}

pub(crate) fn no_answer(outcome: Outcome) -> Fault {
    Fault {
        outcome,
        ..Fault::local(FaultKind::Unreachable, "Apple did not answer in time")
    }
}

/// An error number makes an answer an error, whatever the status; a status that is not 2xx does so too.
fn judge<R: Reply>(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<(Head, R::Body), Fault> {
    if !status.is_success() {
        return Err(refusal(status, headers, serde_json::from_slice(body).ok()));
    }
    let (mut head, body) = match serde_json::from_slice::<R>(body) {
        Ok(reply) => reply.open(),
        // An error body need not have the shape of the data.
        Err(error) => match serde_json::from_slice::<Head>(body) {
            Ok(head) if head.error_number.is_some() => return Err(refusal(status, headers, Some(head))),
            _ => {
                return Err(nonsense(
                    status,
                    format!("the answer cannot be read: {}", describe(&error)),
                ));
            }
        },
    };
    if head.error_number.is_some() {
        return Err(refusal(status, headers, Some(std::mem::take(&mut head))));
    }
    match body {
        Ok(body) => Ok((head, body)),
        Err(Missing(key)) => {
            let said = head.error_message;
            Err(nonsense(
                status,
                said.unwrap_or_else(|| format!("the answer lacks {key}")),
            ))
        }
    }
}

/// What Apple says with an error body, or what the status alone says.
fn refusal(status: StatusCode, headers: &HeaderMap, head: Option<Head>) -> Fault {
    let head = head.unwrap_or_default();
    let code = status.as_u16();
    let said_by_apple = head.error_number.is_some();
    let words = match (head.error_message, status) {
        (Some(words), _) => words,
        (None, status) if status.is_redirection() => "the answer is a redirect, which is refused".to_owned(),
        (None, _) => "the request was refused without a reason".to_owned(),
    };
    Fault {
        kind: fault::kind_of(head.error_number, code),
        number: head.error_number,
        message: words,
        http_status: Some(code),
        retry_after: retry::retry_after(headers),
        info: Box::new(head.error_info.map(ErrorInfo::from).unwrap_or_default()),
        outcome: if fault::leaves_open(code) && !said_by_apple {
            Outcome::Unknown
        } else {
            Outcome::NotProcessed
        },
    }
}

/// A success that cannot be understood.
fn nonsense(status: StatusCode, message: String) -> Fault {
    Fault {
        http_status: Some(status.as_u16()),
        outcome: Outcome::Unknown,
        ..Fault::protocol(message)
    }
}

/// Where reading stopped, without the text that was read.
fn describe(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Io => "it broke off",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "it has an unexpected shape",
        serde_json::error::Category::Eof => "it ends too early",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}
