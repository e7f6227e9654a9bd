//! Every route of the control API with what it does and an example, as the router and the page at `/` have them.

use std::sync::Arc;

use axum::Json;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{self, MethodRouter};
use serde_json::json;

use super::{faults, licenses, locations, requests, state, store, tokens};
use crate::world::World;

/// A route below `/control`.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// What it does and answers.
    pub(crate) about: &'static str,
    /// What to add to the path for the example, such as a query.
    pub(crate) query: &'static str,
    /// JSON for the example; empty where none is sent. OTHER (a location), ADAMID and TOKEN stand for real ones.
    pub(crate) example: &'static str,
    pub(super) handler: MethodRouter<Arc<World>>,
}

impl Route {
    fn sends(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    fn with(self, query: &'static str) -> Self {
        Self { query, ..self }
    }
}

fn route(
    method: Method,
    path: &'static str,
    about: &'static str,
    handler: MethodRouter<Arc<World>>,
) -> Route {
    Route {
        method,
        path,
        about,
        query: "",
        example: "",
        handler,
    }
}

macro_rules! verb {
    ($name:ident, $method:ident) => {
        fn $name<H: Handler<T, Arc<World>>, T: 'static>(
            path: &'static str,
            about: &'static str,
            handler: H,
        ) -> Route {
            route(Method::$method, path, about, routing::$name(handler))
        }
    };
}

verb!(get, GET);
verb!(post, POST);
verb!(put, PUT);
verb!(patch, PATCH);
verb!(delete, DELETE);

/// In the order of the page.
pub(crate) fn table() -> Vec<Route> {
    let organisation = r#"{"seed":99,"name":"Added","locations":2,"apps":3,"devices":4,"country":"NL"}"#;
    let purchase = r#"{"adamId":"ADAMID","count":2}"#;
    let pairs = r#"{"adamId":"ADAMID","serialNumbers":["SERIAL1"]}"#;
    let product = concat!(
        r#"{"adamId":"4711","name":"Made","publisher":"Maker","bundleId":"example.made","kind":"App","genre":"Games","#,
        r#""version":"1.0","priceThousandths":0,"platforms":["iOS"],"size":1000,"deviceAssignable":true,"#,
        r#""custom":false,"delisted":false,"notSoldIn":[]}"#
    );
    vec![
        get("/health", "Whether it runs.", async || Json(json!({ "status": "ok" }))),
        get("/organisations", "All organisations with the uIds of their locations.", locations::organisations),
        post(
            "/organisations",
            "Generates an organisation; answers its seed and the uIds of its locations. What is left out has a default, \
             and a seed that is free. Users who joined hold a book each, if there are any; assignments are those and, \
             for the rest, of devices: a number that cannot be reached is refused. plus_apps are apps as PLUS, too, \
             retired_users some of the users. At most 3,000 locations, 90,000 apps and 10,000 books in each of them, \
             and 1,000,000 devices, apps, books, users and assignments over all.",
            locations::add_organisation,
        )
        .sends(organisation),
        post("/devices", "The devices that such an organisation has.", locations::devices).sends(organisation),
        get("/locations", "All locations.", locations::list),
        post(
            "/locations",
            "Makes an empty location. Its uId is 1 to 20 digits.",
            locations::add,
        )
        .sends(
            r#"{"uid":"2049025000431439","name":"Empty","organisation":"Added","kind":"education","country":"SE"}"#,
        ),
        get("/locations/{uid}", "One location.", locations::one),
        patch("/locations/{uid}", "Changes country or name.", locations::change)
            .sends(r#"{"country":"NL","name":"Renamed"}"#),
        get(
            "/locations/{uid}/state",
            "Everything in a location: counts, assets, users, assignments, notification settings, tokens without their \
             text, events. The rows of assignments or events are left out on demand.",
            state::stream,
        )
        .with("?assignments=false&events=false"),
        put(
            "/locations/{uid}/claim",
            "Another MDM takes the location over, by the rules of POST client/config.",
            locations::claim,
        )
        .sends(r#"{"id":"other-1","name":"Other MDM","metadata":"other.example.org"}"#),
        delete("/locations/{uid}/claim", "Nobody manages the location any more.", locations::unclaim),
        post(
            "/locations/{uid}/tokens",
            "Hands out a token, the text of a .vpptoken file. The body may be missing; role is content_manager or \
             read_only.",
            tokens::issue,
        )
        .sends(r#"{"expires":"2031-01-01T00:00:00Z","role":"content_manager"}"#),
        post("/tokens/expire", "A token expires, now or at a time.", tokens::expire)
            .sends(r#"{"token":"TOKEN","at":"2030-01-01T00:00:00Z"}"#),
        post("/tokens/revoke", "Revokes a token.", tokens::revoke).sends(r#"{"token":"TOKEN"}"#),
        get("/invitations/{code}", "Whom an invitation invites.", tokens::invited),
        post("/invitations/{code}/accept", "A user accepts; sends USER_ASSOCIATED.", tokens::accept)
            .sends(r#"{"appleAccount":"someone@example.org"}"#),
        post(
            "/locations/{uid}/buy",
            "Buys licences of a product of the store; sends ASSET_COUNT. pricingParam may be PLUS.",
            licenses::buy,
        )
        .sends(purchase),
        post("/locations/{uid}/refund", "Gives licences that nobody holds back; sends ASSET_COUNT.", licenses::refund)
            .sends(purchase),
        post(
            "/locations/{uid}/transfer",
            "Moves licences that nobody holds to another location of the organisation, unless that has the asset \
             without a limit; sends ASSET_COUNT to both.",
            licenses::transfer,
        )
        .sends(r#"{"to":"OTHER","purchase":{"adamId":"ADAMID","count":2}}"#),
        post("/locations/{uid}/assign", "Another MDM gives licences to devices; nothing is sent.", licenses::assign)
            .sends(pairs),
        post("/locations/{uid}/release", "Another MDM takes them back; nothing is sent.", licenses::release)
            .sends(pairs),
        get("/faults", "The switches for all locations without their own.", faults::common),
        put(
            "/faults",
            "Changes those that are named; the others stay, also within random, limits and foreign_claim.",
            faults::set_common,
        )
            .sends(r#"{"event_latency_ms":500,"random":{"rate":0.2,"kinds":["internal_error"],"retry_after":7}}"#),
        delete("/faults", "No faults.", faults::reset_common),
        get("/locations/{uid}/faults", "The switches in force for a location.", faults::own),
        put("/locations/{uid}/faults", "Gives a location its own.", faults::set_own)
            .sends(r#"{"pace_limit":15}"#),
        delete("/locations/{uid}/faults", "The location follows the others again.", faults::reset_own),
        get("/products/{adamId}", "A product of the store.", store::one),
        put(
            "/products",
            "Adds a product to the store, or replaces it. platforms are of iOS, macOS, tvOS, watchOS, visionOS.",
            store::put,
        )
        .sends(product),
        patch(
            "/products/{adamId}",
            "Removes a product from the store or from a country's, puts it back (soldIn), or publishes a version.",
            store::change,
        )
        .sends(r#"{"delisted":true,"version":"9.9","notSoldIn":"NL"}"#),
        get(
            "/requests",
            "Apple requests and look-ups in the store that came: what was asked, what became of it; from a number on, \
             so many.",
            requests::list,
        )
        .with("?from=0&limit=100"),
        delete("/requests", "Forgets them and counts from 0.", requests::reset),
    ]
}
