//! Who may sign in (Z1).

use super::pages::{moment, sent};
use crate::{http::sessions::Signed, portal::csv::csv_text};
use axum::{Extension, extract::Request, response::Response};
use contract::accounts::AccountRow;

/// There are few: the list has no pages, and neither has the file.
pub async fn accounts(Extension(signed): Extension<Signed>, request: Request) -> Response {
    let export = async {
        let services = signed.services();
        let rows = services.accounts.list(services.caller()?).await?;
        let head = ACCOUNT_HEAD.map(str::to_owned).to_vec();
        csv_text(std::iter::once(head).chain(rows.into_iter().map(account)))
    }
    .await;
    sent(&request, "accounts.csv", export)
}

const ACCOUNT_HEAD: [&str; 5] = ["name", "email", "role", "state", "last_sign_in"];

fn account(row: AccountRow) -> Vec<String> {
    vec![
        row.name,
        row.email,
        row.role.as_str().to_owned(),
        row.state.as_str().to_owned(),
        moment(row.last_sign_in),
    ]
}
