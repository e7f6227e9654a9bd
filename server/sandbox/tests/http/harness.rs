//! A sandbox with one small location, a client for it, and a receiver of notifications.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use reqwest::{Client, Method};
use sandbox::{Faults, Organisation, Sandbox, SandboxSettings};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// Six apps, two books, twenty devices, four users, five free licences of each.
pub fn small() -> Organisation {
    Organisation {
        seed: 7,
        apps: 6,
        books: 2,
        devices: 20,
        users: 4,
        spare: Some(5),
        ..Organisation::default()
    }
}

pub struct Bench {
    pub sandbox: Sandbox,
    pub uid: String,
    pub token: String,
    pub client: Client,
}

pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub json: Value,
}

impl Answer {
    /// HTTP status and Apple's error number.
    pub fn error(&self) -> (u16, i64) {
        (self.status, self.json["errorNumber"].as_i64().unwrap_or(0))
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests are a client of their own")]
fn client() -> Client {
    Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(8)
        .build()
        .unwrap()
}

impl Bench {
    pub async fn start() -> Self {
        Self::with(small()).await
    }

    pub async fn with(organisation: Organisation) -> Self {
        let uid = organisation.location_uid(0);
        let sandbox = Sandbox::start(SandboxSettings::with([organisation]))
            .await
            .unwrap();
        let token = sandbox.control().issue_token(&uid).unwrap();
        Self {
            sandbox,
            uid,
            token,
            client: client(),
        }
    }

    /// The sandbox that was saved to this file, with the same token and client.
    pub async fn restored(&self, path: &Path) -> Self {
        let settings = SandboxSettings {
            saved: Some(path.to_owned()),
            ..SandboxSettings::default()
        };
        Self {
            sandbox: Sandbox::start(settings).await.unwrap(),
            uid: self.uid.clone(),
            token: self.token.clone(),
            client: self.client.clone(),
        }
    }

    pub async fn with_faults(faults: Faults) -> Self {
        let bench = Self::start().await;
        bench.sandbox.control().set_faults(faults);
        bench
    }

    /// Sends a request with the token; none if the connection was dropped.
    pub async fn try_send(&self, method: Method, path: &str, body: Option<Value>) -> Option<Answer> {
        let request = self
            .client
            .request(method, format!("{}{path}", self.sandbox.base_url()));
        let request = request.bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.ok()?;
        let retry_after = response
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().unwrap().to_owned());
        Some(Answer {
            status: response.status().as_u16(),
            retry_after,
            json: response.json().await.unwrap_or(Value::Null),
        })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.try_send(Method::GET, path, None).await.expect("an answer")
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.try_send(Method::POST, path, Some(body))
            .await
            .expect("an answer")
    }

    /// The n-th asset as `{adamId}` for a request.
    pub fn asset(&self, index: u32) -> Value {
        json!({ "adamId": self.adam_id(index) })
    }

    pub fn adam_id(&self, index: u32) -> String {
        small()
            .apps_of(0)
            .nth(usize::try_from(index).unwrap())
            .unwrap()
            .adam_id
    }

    pub fn book(&self) -> String {
        small().books_of(0).next().unwrap().adam_id
    }

    pub fn serials(&self, count: usize) -> Vec<String> {
        small()
            .devices()
            .take(count)
            .map(|device| device.serial_number)
            .collect()
    }

    /// Posts, expects acceptance, and waits for the event to end.
    pub async fn run(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        self.finished(answer.json["eventId"].as_str().unwrap()).await
    }

    /// The status of an event that ended.
    pub async fn finished(&self, event: &str) -> Value {
        let path = format!("status?eventId={event}");
        until(|| async {
            let status = self.get(&path).await.json;
            (status["eventStatus"] != "PENDING").then_some(status)
        })
        .await
    }

    /// Subscribes a receiver to everything.
    pub async fn subscribe(&self, receiver: &Receiver) -> Answer {
        let types = [
            "ASSET_MANAGEMENT",
            "USER_MANAGEMENT",
            "USER_ASSOCIATED",
            "ASSET_COUNT",
        ];
        self.post(
            "client/config",
            json!({ "notificationUrl": receiver.url, "notificationAuthToken": "s3cret", "notificationTypes": types }),
        )
        .await
    }
}

/// Waits for a condition, at most ten seconds.
pub async fn until<T, F: Future<Output = Option<T>>>(mut condition: impl FnMut() -> F) -> T {
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    let wait = async {
        loop {
            tick.tick().await;
            if let Some(value) = condition().await {
                return value;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait)
        .await
        .expect("the condition within ten seconds")
}

/// A receiver of notifications that answers with a settable status.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    got: Arc<Mutex<Vec<(String, Value)>>>,
    status: Arc<Mutex<Vec<StatusCode>>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/notify", listener.local_addr().unwrap());
        let receiver = Self {
            url,
            got: Arc::default(),
            status: Arc::default(),
        };
        let router = axum::Router::new()
            .route("/notify", axum::routing::post(receive))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// The next answers; afterwards 200.
    pub async fn answer_with(&self, statuses: &[StatusCode]) {
        *self.status.lock().await = statuses.iter().rev().copied().collect();
    }

    /// All notifications of a type so far.
    pub async fn got(&self, kind: &str) -> Vec<Value> {
        let got = self.got.lock().await;
        got.iter()
            .map(|(_, body)| body.clone())
            .filter(|body| body["notificationType"] == kind)
            .collect()
    }

    /// All `Authorization` headers so far.
    pub async fn authorizations(&self) -> Vec<String> {
        self.got
            .lock()
            .await
            .iter()
            .map(|(header, _)| header.clone())
            .collect()
    }

    /// Waits for so many of a type.
    pub async fn wait_for(&self, kind: &str, count: usize) -> Vec<Value> {
        until(|| async {
            let got = self.got(kind).await;
            (got.len() >= count).then_some(got)
        })
        .await
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: axum::Json<Value>,
) -> StatusCode {
    let authorization = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    receiver
        .got
        .lock()
        .await
        .push((authorization.unwrap_or_default(), body.0));
    receiver.status.lock().await.pop().unwrap_or(StatusCode::OK)
}
