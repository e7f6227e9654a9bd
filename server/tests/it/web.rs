//! What stands between the network and the pages: the right status, a readable page, never a stack trace.

use crate::stand::{Ahead, PASSWORD, PATIENCE, Stand, account};
use contract::{Role, devices::DeviceQuery, live::LiveEvent};
use reqwest::{Client, StatusCode, header};
use sandbox::Organisation;
use std::sync::Arc;

/// A browser without scripts.
pub struct Visitor {
    pub client: Client,
    pub origin: String,
}

impl Visitor {
    pub fn new(stand: &Stand) -> Self {
        Self::at(stand.running.origin.clone())
    }

    #[expect(clippy::disallowed_methods, reason = "a browser's part in this test")]
    pub fn at(origin: String) -> Self {
        let client = Client::builder()
            // What is sent, as it is sent.
            .no_gzip()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { client, origin }
    }

    /// Signed in with an account of that role, made for it.
    pub async fn signed_in_as(stand: &Stand, role: Role) -> Self {
        let id = server::clock::new_id(stand.portal.clock.now());
        let caller = account(&stand.portal, format!("{id}@harbour.example"), role).await;
        let visitor = Self::new(stand);
        let form = [("email", caller.email.as_str()), ("password", PASSWORD)];
        let answer = visitor.call("session/sign-in", &form).await;
        assert_eq!(answer.status(), StatusCode::OK);
        visitor
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(format!("{}{path}", self.origin));
        request.header(header::ACCEPT, "text/html").send().await.unwrap()
    }

    pub async fn call(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Response {
        let request = self.client.post(format!("{}/api/{path}", self.origin));
        request
            .header(header::ACCEPT, "application/json")
            .form(form)
            .send()
            .await
            .unwrap()
    }

    async fn sign_in(&self) -> reqwest::Response {
        self.call(
            "session/sign-in",
            &[("email", "ada@harbour.example"), ("password", PASSWORD)],
        )
        .await
    }
}

async fn stand() -> Stand {
    Stand::start(Organisation {
        apps: 2,
        devices: 2,
        ..Organisation::default()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_is_sent_to_the_sign_in_page() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    let answer = visitor.get("/tokens?state=expired").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        answer.headers()[header::LOCATION],
        "/sign-in?next=/tokens%3Fstate%3Dexpired"
    );
    let answer = visitor
        .get("/groups/new?kind=people&__path=%2Fapi%2Fgroups%2Fadd&how=fixed&__err=abc%3D")
        .await;
    assert_eq!(
        answer.headers()[header::LOCATION],
        "/sign-in?next=/groups/new%3Fkind%3Dpeople%26how%3Dfixed",
        "without the refusal of a form"
    );
    for path in ["/events", "/events?since=x"] {
        assert_eq!(visitor.get(path).await.status(), StatusCode::UNAUTHORIZED);
    }
    let body = visitor
        .client
        .post(format!("{}/upload/token-check", visitor.origin))
        .body(vec![0xff]);
    assert_eq!(body.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        visitor.get("/export/apps.csv").await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        visitor.call("tokens/sync-all", &[]).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(visitor.get("/sign-in").await.status(), StatusCode::OK);
    assert_eq!(visitor.get("/healthz").await.status(), StatusCode::OK);
    assert_eq!(visitor.get("/readyz").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_opens_the_pages_and_signing_out_closes_them() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    let wrong = visitor
        .call(
            "session/sign-in",
            &[("email", "ada@harbour.example"), ("password", "wrong")],
        )
        .await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let right = visitor.sign_in().await;
    assert_eq!(right.status(), StatusCode::OK);
    let cookie = right.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    for page in [
        "/",
        "/tokens",
        "/apps",
        "/books",
        "/devices",
        "/licenses",
        "/ledger?act=adopted",
        "/drift",
        "/drift/licenses?side=pomona",
        "/activity",
        "/people",
        "/people/new",
        "/people/import",
        "/groups",
        "/groups/new?kind=devices&how=rule",
        "/groups/all_people",
        "/settings/accounts",
        "/settings/scim",
    ] {
        assert_eq!(visitor.get(page).await.status(), StatusCode::OK, "{page}");
    }
    visitor.call("session/sign-out", &[]).await;
    assert_eq!(visitor.get("/tokens").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_a_foreign_origin_and_a_malformed_cursor_get_their_status_and_a_page() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    visitor.sign_in().await;
    for (path, status) in [
        ("/nowhere", StatusCode::NOT_FOUND),
        (
            "/tokens/0199aaaa-0000-7000-8000-000000000000",
            StatusCode::NOT_FOUND,
        ),
        ("/apps/987654321", StatusCode::NOT_FOUND),
        ("/apps/notanumber", StatusCode::NOT_FOUND),
        ("/apps?cursor=%25%25broken", StatusCode::BAD_REQUEST),
        ("/licenses?cursor=AAAA", StatusCode::BAD_REQUEST),
    ] {
        let answer = visitor.get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        let text = answer.text().await.unwrap();
        assert!(
            text.contains("<h1") && !text.contains("panicked"),
            "{path}: {text}"
        );
    }
    let foreign = visitor
        .client
        .post(format!("{}/api/tokens/sync-all", visitor.origin));
    let foreign = foreign
        .header(header::ORIGIN, "https://evil.example")
        .header(header::ACCEPT, "text/html");
    let answer = foreign.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(answer.text().await.unwrap().contains("<h1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slash_too_many_leads_to_the_page_and_to_no_other_site() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    visitor.sign_in().await;
    for (path, page) in [
        ("/apps/", "/apps"),
        ("//apps", "/apps"),
        ("/devices//?sort=name&dir=down", "/devices?sort=name&dir=down"),
        ("/settings/accounts/", "/settings/accounts"),
        ("/sign-in/", "/sign-in"),
    ] {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let request = visitor
                .client
                .request(method, format!("{}{path}", visitor.origin));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::PERMANENT_REDIRECT, "{path}");
            assert_eq!(answer.headers()[header::LOCATION], page, "{path}");
        }
        assert_eq!(visitor.get(page).await.status(), StatusCode::OK, "{page}");
    }
    for path in ["//evil.example", "//evil.example/", "//evil.example/apps/"] {
        assert_eq!(visitor.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let post = visitor.client.post(format!("{}/apps/", visitor.origin));
    assert!(!post.send().await.unwrap().status().is_redirection());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_body_is_refused() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    visitor.sign_in().await;
    let upload = |text: String| {
        let request = visitor
            .client
            .post(format!("{}/upload/token-check", visitor.origin));
        request.header(header::ACCEPT, "text/html").body(text).send()
    };
    let answer = upload("x".repeat(3 * 1024 * 1024)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().await.unwrap().contains("<h1"));
    let answer = upload("x".repeat(100 * 1024)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.text().await.unwrap().contains("token_file_too_large"));
    let answer = upload("x".repeat(20 * 1024 * 1024)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let answer = visitor
        .client
        .post(format!("{}/upload/token-check", visitor.origin))
        .body("<html>")
        .send()
        .await;
    assert_eq!(answer.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    // Whose length nobody says beforehand.
    for (path, kind) in [
        ("import/preview", "application/json"),
        ("session/sign-in", "application/x-www-form-urlencoded"),
        ("tokens/create-from-file", "multipart/form-data; boundary=xx"),
    ] {
        let mut text = b"--xx\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n".to_vec();
        text.resize(17 * 1024 * 1024, b'x');
        let piece = futures::stream::once(async move { Ok::<_, std::io::Error>(text) });
        let request = visitor
            .client
            .post(format!("{}/api/{path}", visitor.origin))
            .header(header::CONTENT_TYPE, kind)
            .header(header::ACCEPT, "application/json")
            .body(reqwest::Body::wrap_stream(piece));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        assert!(answer.text().await.unwrap().contains("body_too_large"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d3_what_was_previewed_is_imported_though_a_form_makes_it_longer() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let mut file = "serial,name,note\n".to_owned();
    for line in 0..30_000 {
        file.push_str(&format!("SER{line:07},iPad {line},{}\n", "ö".repeat(100)));
    }
    let escaped = file.bytes().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    assert!(
        file.len() + 2 * escaped > 16 * 1024 * 1024,
        "it is no test of that"
    );
    let text = serde_json::json!({ "what": "devices", "text": file });
    let request = visitor
        .client
        .post(format!("{}/api/import/preview", visitor.origin));
    let preview = request.json(&text).send().await.unwrap();
    let preview: contract::csv::CsvPreview = preview.json().await.unwrap();
    assert_eq!(preview.bad_lines, 0);
    let form = [("what", "devices"), ("text", file.as_str())];
    let answer = visitor.call("import/write", &form).await;
    assert!(!answer.status().is_client_error(), "{}", answer.status());
    let devices = stand
        .portal
        .db
        .device_list(&DeviceQuery::default())
        .await
        .unwrap();
    assert_eq!(devices.total, Some(30_002), "with those of the stand");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_words_and_calls_go_out_compressed_to_whoever_can_read_that_and_live_changes_do_not() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    visitor.sign_in().await;
    let page = visitor.get("/apps").await;
    assert!(!page.headers().contains_key(header::CONTENT_ENCODING));
    let page = page.text().await.unwrap();
    let (_, words) = page.split_once("name=\"dictionary\" content=\"").unwrap();
    let (words, _) = words.split_once('"').unwrap();
    for encoding in ["gzip", "zstd"] {
        let ask = async |path: &str| {
            let request = visitor.client.get(format!("{}{path}", visitor.origin));
            let request = request.header(header::ACCEPT_ENCODING, encoding);
            request.header(header::ACCEPT, "text/html").send().await.unwrap()
        };
        for (path, whole) in [
            ("/apps", page.len()),
            (words, visitor.get(words).await.bytes().await.unwrap().len()),
        ] {
            let answer = ask(path).await;
            assert_eq!(answer.headers()[header::CONTENT_ENCODING], encoding, "{path}");
            let sent = answer.bytes().await.unwrap().len();
            assert!(sent * 2 < whole, "{path}: {sent} of {whole} bytes");
        }
        assert!(
            !ask("/events")
                .await
                .headers()
                .contains_key(header::CONTENT_ENCODING)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_says_what_the_browser_may_do() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    let answer = visitor.get("/sign-in").await;
    let headers = answer.headers();
    let policy = headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("'nonce-")
            && policy.contains("frame-ancestors 'none'")
            && !policy.contains("unsafe-inline")
    );
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    visitor.sign_in().await;
    for path in ["/pkg/nothing.js", "/export/apps.csv?view=zz", "/nowhere"] {
        let answer = visitor.get(path).await;
        assert!(answer.status().is_client_error(), "{path}");
        for name in [header::CONTENT_SECURITY_POLICY, header::X_CONTENT_TYPE_OPTIONS] {
            assert!(answer.headers().contains_key(&name), "{path}: {name}");
        }
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{path}");
    }
    let again = visitor.get("/sign-in").await;
    assert_ne!(
        policy,
        again.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap(),
        "each page has its nonce"
    );
}

/// A clock that stands still.
#[derive(Debug)]
struct Still(contract::UnixMillis);

impl server::clock::Clock for Still {
    fn now(&self) -> contract::UnixMillis {
        self.0
    }
}

/// In one and the same second, where pages are not made again.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_shows_what_was_written_just_before_it_and_only_to_whom_it_is_for() {
    let stand = stand().await;
    let now = stand.portal.clock.now();
    let stand = stand.restart(Arc::new(Still(now))).await;
    let owner = Visitor::signed_in_as(&stand, Role::Owner).await;
    let devices = async |visitor: &Visitor| visitor.get("/devices").await.text().await.unwrap();
    for number in 0..5 {
        devices(&owner).await;
        let serial = format!("PLUM0000{number}");
        let form = contract::devices::DeviceForm {
            serial: serial.clone(),
            ..Default::default()
        };
        contract::devices::Devices::add(&stand.portal, &stand.owner, form)
            .await
            .unwrap();
        assert!(devices(&owner).await.contains(&serial), "{serial}");
    }

    let page = owner.get("/devices").await;
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert!(page.text().await.unwrap().contains(&format!("nonce=\"{nonce}\"")));

    let reader = Visitor::signed_in_as(&stand, Role::ReadOnly).await;
    assert!(devices(&owner).await.contains("/devices/import"));
    assert!(!devices(&reader).await.contains("/devices/import"));
    assert_eq!(owner.call("session/sign-out", &[]).await.status(), StatusCode::OK);
    assert_eq!(owner.get("/devices").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(reader.get("/devices").await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_passwords_is_slowed_down() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    let mut answers = Vec::new();
    for _ in 0..12 {
        let form = [("email", "ada@harbour.example"), ("password", "wrong")];
        answers.push(visitor.call("session/sign-in", &form).await.status());
    }
    assert_eq!(answers[0], StatusCode::UNAUTHORIZED);
    assert_eq!(answers[11], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_owner_comes_by_a_link_that_works_once() {
    let sandbox = sandbox::Sandbox::start(sandbox::SandboxSettings::default())
        .await
        .unwrap();
    let folder = crate::stand::Folder::new();
    let running = server::start::start(crate::stand::settings(&sandbox, &folder))
        .await
        .unwrap();
    let path = server::start::first_link(&running.portal).await.unwrap().unwrap();
    let secret = path.strip_prefix("/welcome/").unwrap().to_owned();
    let portal = running.portal.clone();
    let owner_is_none = portal.db.accounts().await.unwrap();
    assert_eq!(owner_is_none.len(), 1);
    let form = [
        ("secret", secret.as_str()),
        ("name", "Ada"),
        ("email", "ada@harbour.example"),
        ("password", "plum orchard at dusk"),
    ];
    #[expect(clippy::disallowed_methods, reason = "a browser's part in this test")]
    let client = Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let accept = || {
        let request = client.post(format!("{}/api/session/accept-link", running.origin));
        request
            .header(header::ACCEPT, "application/json")
            .form(&form)
            .send()
    };
    assert_eq!(accept().await.unwrap().status(), StatusCode::OK);
    assert_eq!(accept().await.unwrap().status(), StatusCode::GONE);
    assert_eq!(server::start::first_link(&running.portal).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_leaves_as_a_file_with_the_filters_of_the_list() {
    let stand = Stand::start(Organisation {
        apps: 3,
        devices: 130,
        spare: Some(120),
        ..Organisation::default()
    })
    .await;
    stand.create_token().await;
    let app = crate::main_job::app_with(&stand, 110).await;
    let free = crate::main_job::without(&stand, &app).await;
    let operation = stand.assign(vec![app.id], &free[..110]).await;
    stand.done(&operation).await;
    let visitor = Visitor::new(&stand);
    visitor.sign_in().await;
    let answer = visitor
        .get(&format!("/export/ledger.csv?act=held&operation={operation}"))
        .await;
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let text = answer.text().await.unwrap();
    let mut lines = text.lines();
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("\u{feff}time,act,app,location,kind,holder,actor")
    );
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines.len(), 110, "more than one page of the list");
    assert!(
        lines
            .iter()
            .all(|line| line.contains(",held,") && line.contains(",Ada,"))
    );
    let wrong = visitor.get("/export/ledger.csv?holder=nobody").await.text().await;
    assert_eq!(wrong.unwrap().lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_view_of_the_catalogue_is_remembered() {
    let stand = stand().await;
    stand.create_token().await;
    let visitor = Visitor::new(&stand);
    visitor.sign_in().await;
    let by_app = async |path: &str| {
        let text = visitor.get(path).await.text().await.unwrap();
        text.contains("data-label=\"Locations\"")
    };
    assert!(!by_app("/apps").await);
    assert!(by_app("/apps?view=apps").await);
    assert!(by_app("/apps").await, "the cookie says so");
    assert!(!by_app("/apps?view=tokens").await);
    assert!(!by_app("/apps").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_refused_in_our_own_words() {
    let stand = stand().await;
    let visitor = Visitor::new(&stand);
    visitor.sign_in().await;
    let post = |path: &str, body: &'static str| {
        let request = visitor.client.post(format!("{}{path}", visitor.origin));
        request
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
    };
    let get = |path: &str| visitor.client.get(format!("{}{path}", visitor.origin));
    let (bad, none, wrong) = (
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
    );
    for (request, status, code) in [
        (post("/api/tokens/list", "{bad"), bad, "request_invalid"),
        (post("/api/tokens/list", "{}"), bad, "request_invalid"),
        (post("/api/nothing", "{}"), none, "not_found"),
        (get("/api/tokens/list"), wrong, "request_invalid"),
        (get("/export/apps.csv?view=zz"), bad, "request_invalid"),
    ] {
        let request = request
            .header(header::ACCEPT, "application/json")
            .build()
            .unwrap();
        let path = request.url().to_string();
        let answer = visitor.client.execute(request).await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let fault: contract::Fault = answer.json().await.unwrap();
        assert_eq!(fault.code.as_str(), code, "{path}");
    }
    let page = visitor.get("/export/apps.csv?view=zz").await;
    assert!(page.text().await.unwrap().contains("<h1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_lasts_as_long_as_requests_come() {
    let clock = Arc::new(Ahead::default());
    let stand = stand().await.restart(clock.clone()).await;
    let visitor = Visitor::new(&stand);
    visitor.sign_in().await;
    let mut raw = stand.folder.raw().await;
    let mut end = async || raw.number("SELECT max(expires_at) FROM sessions").await;
    let first = end().await;
    assert_eq!(visitor.get("/tokens").await.status(), StatusCode::OK);
    assert_eq!(end().await, first, "nothing is written at each request");
    clock.by(2 * 60 * 60 * 1000);
    let answer = visitor.get("/tokens").await;
    assert!(answer.headers().contains_key(header::SET_COOKIE));
    assert!(end().await > first);
}

#[tokio::test(flavor = "multi_thread")]
async fn live_changes_end_for_whoever_is_no_longer_signed_in() {
    let stand = stand().await;
    let visitor = Visitor::signed_in_as(&stand, Role::ReadOnly).await;
    let events = visitor.client.get(format!("{}/events", visitor.origin));
    let mut events = events.send().await.unwrap();
    assert_eq!(events.status(), StatusCode::OK);
    assert!(events.chunk().await.unwrap().is_some());
    let out = visitor.call("session/sign-out", &[]).await;
    assert_eq!(out.status(), StatusCode::OK);
    let ended = async { while events.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_nothing_happened_since_is_not_told_to_read_itself_again() {
    let stand = Stand::start(Organisation::default()).await;
    let visitor = Visitor::signed_in_as(&stand, Role::Administrator).await;
    let page = visitor.get("/apps").await.text().await.unwrap();
    let (_, rest) = page.split_once("data-live=\"").unwrap();
    let (position, _) = rest.split_once('"').unwrap();
    let first = async |since: &str| {
        let mut events = visitor.get(&format!("/events?since={since}")).await;
        stand.portal.live.send(LiveEvent::Requests);
        let heard = tokio::time::timeout(PATIENCE, events.chunk()).await.unwrap();
        String::from_utf8(heard.unwrap().unwrap().to_vec()).unwrap()
    };
    let heard = first(position).await;
    assert!(heard.contains("requests") && !heard.contains("missed"), "{heard}");
    for before in [position, "", "another-start.1"] {
        let heard = first(before).await;
        assert!(heard.starts_with("data:") && heard.contains("missed"), "{heard}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_fails_at_a_body_of_another_kind() {
    let stand = Stand::start(Organisation::default()).await;
    let visitor = Visitor::signed_in_as(&stand, Role::ReadOnly).await;
    let paths: Vec<_> = leptos::server_fn::axum::server_fn_paths().collect();
    assert!(
        paths
            .iter()
            .any(|(path, _)| *path == "/api/tokens/create-from-file")
    );
    for (path, method) in paths {
        // Not to be signed out midway.
        if path.ends_with("/sign-out") {
            continue;
        }
        for kind in [
            None,
            Some("text/plain"),
            Some("multipart/form-data"),
            Some("nonsense"),
        ] {
            let request = visitor
                .client
                .request(method.clone(), format!("{}{path}", visitor.origin));
            let request = match kind {
                Some(kind) => request.header(header::CONTENT_TYPE, kind),
                None => request,
            };
            let answer = request.body("{").send().await.unwrap();
            assert!(
                !answer.status().is_server_error(),
                "{path} {kind:?}: {}",
                answer.status()
            );
        }
    }
}
