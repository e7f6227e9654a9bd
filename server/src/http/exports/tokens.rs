//! Tokens (T3).

use super::pages::{export, moment};
use app::i18n::iso;
use contract::tokens::TokenRow;

export! {
    /// What tokens are called and how they stand; no secret is in it.
    tokens: "tokens.csv", tokens.list(app::tokens::list_query), TOKEN_HEAD, token
}

const TOKEN_HEAD: [&str; 14] = [
    "name",
    "state",
    "apple_account",
    "location",
    "organisation",
    "account_type",
    "country",
    "automatic_updates",
    "expires",
    "last_sync",
    "sync_state",
    "apps",
    "used",
    "total",
];

fn token(row: TokenRow) -> Vec<String> {
    vec![
        row.name,
        row.state.as_str().to_owned(),
        row.apple_account,
        row.location_name,
        row.organisation,
        row.account_type.as_str().to_owned(),
        row.country,
        row.automatic_updates.to_string(),
        iso(row.expires_at),
        moment(row.synced_at),
        row.sync.as_str().to_owned(),
        row.apps.to_string(),
        row.used.to_string(),
        row.total.to_string(),
    ]
}
