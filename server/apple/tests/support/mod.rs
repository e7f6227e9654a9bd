//! A scripted Apple on a real socket: answers given one by one, requests kept for looking at.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may, like tests"
)]

pub mod raw;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use apple::{Apple, AppleSettings, LocationClient, Pace, RetryBounds, ServerToken};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The secret that must never be seen outside a request.
pub const TOKEN: &str = "dG9wLXNlY3JldC10b2tlbi1vZi10aGUtdGVzdHM=";

/// One answer of the script.
#[derive(Debug, Clone)]
pub enum Turn {
    /// Status, headers, body.
    Say(u16, Vec<(&'static str, String)>, String),
    /// A success in pieces, its length not announced.
    Chunked(String),
    /// The answer begins and then breaks.
    BreakInBody,
    /// No answer comes.
    Hang,
}

impl Turn {
    pub fn json(status: u16, body: Value) -> Self {
        Turn::Say(status, Vec::new(), body.to_string())
    }

    pub fn error(status: u16, number: u32) -> Self {
        Turn::json(
            status,
            json!({"errorNumber": number, "errorMessage": "Apple's words."}),
        )
    }

    pub fn ok(body: Value) -> Self {
        Turn::json(200, body)
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Turn::Say(_, headers, _) = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

#[derive(Default)]
struct Script {
    turns: VecDeque<Turn>,
    seen: Vec<Seen>,
    config: Value,
    config_reads: usize,
}

/// The scripted server. `service/config` is answered by itself; everything else takes the next turn.
#[derive(Clone)]
pub struct Scripted {
    pub address: SocketAddr,
    script: Arc<Mutex<Script>>,
}

impl Scripted {
    pub async fn start(turns: impl IntoIterator<Item = Turn>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let config = service_config(address);
        let script = Script {
            turns: turns.into_iter().collect(),
            config,
            ..Script::default()
        };
        let scripted = Self {
            address,
            script: Arc::new(Mutex::new(script)),
        };
        let router = Router::new().fallback(answer).with_state(scripted.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        scripted
    }

    /// Changes the service config.
    pub fn config(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.script.lock().expect("no panic").config);
    }

    pub fn config_reads(&self) -> usize {
        self.script.lock().expect("no panic").config_reads
    }

    /// The requests so far, those for the service config left out.
    pub fn seen(&self) -> Vec<Seen> {
        self.script.lock().expect("no panic").seen.clone()
    }

    /// Settings for this server: no pace, quick retries.
    pub fn settings(&self) -> AppleSettings {
        AppleSettings {
            base_url: format!("http://{}/mdm/v2", self.address),
            retry: RetryBounds {
                attempts: 3,
                first_delay: Duration::from_millis(1),
                max_delay: Duration::from_millis(4),
                longest_wait: Duration::from_secs(2),
                ..RetryBounds::default()
            },
            pace: Pace::Off,
            ..AppleSettings::new(Arc::new(|| 0.5))
        }
    }

    pub fn location(&self) -> LocationClient {
        location(self.settings())
    }
}

pub fn location(settings: AppleSettings) -> LocationClient {
    let apple = Apple::new(settings).expect("good settings");
    apple.location(ServerToken::from_sealed(TOKEN.to_owned()), "location")
}

/// A client config with everything in it.
pub fn client_config() -> Value {
    json!({
        "countryISO2ACode": "US", "defaultPlatform": "volumestore", "locationName": "PS01",
        "mdmInfo": {"id": "522d5c43", "name": "Apple Configurator 2", "metadata": "2.13.3"},
        "notificationAuthToken": "SUp3rS3Cr3t", "notificationUrl": "https://www.next.example/notification",
        "subscribedNotificationTypes": ["ASSET_COUNT", "SOMETHING_NEW"],
        "tokenExpirationDate": "2030-11-08T22:33:22+0000", "uId": "2049025000431439",
        "websiteURL": "https://school.apple.com", "apnToken": "x"
    })
}

pub fn event() -> Value {
    json!({"eventId": "954910a8-3d9c-4fde-948d-253e5aef431a", "uId": "2049025000431439"})
}

pub fn service_config(address: SocketAddr) -> Value {
    let url = |path: &str| format!("http://{address}/mdm/v2/{path}");
    json!({
        "limits": {"maxAssets": 2, "maxRequestPerSecond": 15},
        "urls": {
            "clientConfig": url("client/config"), "getAssets": url("assets"),
            "getAssignments": url("assignments"), "getUsers": url("users"),
            "associateAssets": url("assets/associate"), "disassociateAssets": url("assets/disassociate"),
            "revokeAssets": url("assets/revoke"), "createUsers": url("users/create"),
            "updateUsers": url("users/update"), "retireUsers": url("users/retire"),
            "eventStatus": url("status"), "contentMetadataLookup": url("lookup?from=config"),
        }
    })
}

async fn answer(
    State(scripted): State<Scripted>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let turn = {
        let mut script = scripted.script.lock().expect("no panic");
        if uri.path().ends_with("/service/config") {
            script.config_reads += 1;
            return say(200, &[], Body::from(script.config.to_string()));
        }
        script.seen.push(Seen {
            method,
            uri,
            headers,
            body,
        });
        script
            .turns
            .pop_front()
            .unwrap_or_else(|| Turn::Say(599, Vec::new(), "the script is over".to_owned()))
    };
    match turn {
        Turn::Say(status, headers, body) => say(status, &headers, Body::from(body)),
        Turn::Chunked(body) => {
            let pieces: Vec<_> = body
                .as_bytes()
                .chunks(1000)
                .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)))
                .collect();
            say(200, &[], Body::from_stream(futures::stream::iter(pieces)))
        }
        Turn::BreakInBody => {
            let pieces = [
                Ok(Bytes::from_static(b"{\"uId\":")),
                Err(std::io::Error::other("broken on purpose")),
            ];
            say(200, &[], Body::from_stream(futures::stream::iter(pieces)))
        }
        Turn::Hang => std::future::pending().await,
    }
}

fn say(status: u16, headers: &[(&'static str, String)], body: Body) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body).expect("a response")
}
