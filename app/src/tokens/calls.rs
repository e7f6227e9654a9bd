//! Server functions of tokens.

use crate::{
    call::{Call, Failure},
    json::Json,
};
use contract::{
    OperationId, Page, TokenId,
    tokens::{AccountType, CreateToken, Deletion, SyncRun, TokenDetail, TokenQuery, TokenRow},
};
use leptos::prelude::*;

#[server(prefix = "/api", endpoint = "tokens/list", protocol = Call<Json>)]
pub async fn list(query: TokenQuery) -> Result<Page<TokenRow>, Failure> {
    let services = crate::call::services()?;
    Ok(services.tokens.list(services.caller()?, query).await?)
}

#[server(prefix = "/api", endpoint = "tokens/detail", protocol = Call)]
pub async fn detail(id: TokenId) -> Result<TokenDetail, Failure> {
    let services = crate::call::services()?;
    Ok(services.tokens.detail(services.caller()?, &id).await?)
}

#[server(prefix = "/api", endpoint = "tokens/syncs", protocol = Call)]
pub async fn syncs(id: TokenId) -> Result<Vec<SyncRun>, Failure> {
    let services = crate::call::services()?;
    Ok(services.tokens.syncs(services.caller()?, &id).await?)
}

#[server(prefix = "/api", endpoint = "tokens/sync", protocol = Call)]
pub async fn sync(id: TokenId) -> Result<(), Failure> {
    let services = crate::call::services()?;
    Ok(services.tokens.sync(services.caller()?, &id).await?)
}

/// Answers how many syncs were queued.
#[server(prefix = "/api", endpoint = "tokens/sync-all", protocol = Call)]
pub async fn sync_all() -> Result<i64, Failure> {
    let services = crate::call::services()?;
    Ok(services.tokens.sync_all(services.caller()?).await?)
}

#[server(prefix = "/api", endpoint = "tokens/create", protocol = Call<Json>)]
pub async fn create(form: CreateToken) -> Result<TokenId, Failure> {
    let services = crate::call::services()?;
    Ok(services.tokens.create(services.caller()?, form).await?)
}

#[server(prefix = "/api", endpoint = "tokens/edit", protocol = Call)]
pub async fn edit(
    id: TokenId,
    name: String,
    apple_account: String,
    country: String,
    account_type: AccountType,
    automatic_updates: Option<bool>,
    sync_hours: i64,
) -> Result<(), Failure> {
    use crate::refusal::{tick, with_typed};
    let services = crate::call::services()?;
    let automatic_updates = automatic_updates.unwrap_or_default();
    let form = contract::tokens::EditToken {
        name,
        apple_account,
        country,
        account_type,
        automatic_updates,
        sync_hours,
    };
    let typed = form.clone();
    let edited = services.tokens.edit(services.caller()?, &id, form).await;
    edited.map_err(|fault| {
        let sync_hours = typed.sync_hours.to_string();
        let fields = [
            ("name", typed.name.as_str()),
            ("apple_account", &typed.apple_account),
            ("country", &typed.country),
            ("account_type", typed.account_type.as_str()),
            ("automatic_updates", tick(typed.automatic_updates)),
            ("sync_hours", &sync_hours),
        ];
        with_typed(fault, fields)
    })?;
    leptos_axum::redirect(&format!("/tokens/{id}"));
    Ok(())
}

/// What takes a form with a file in it, and nothing else.
pub const WITH_FILES: [&str; 2] = [CREATE_FROM_FILE, RENEW_FROM_FILE];

/// Where the form of `/tokens/new` goes without WebAssembly.
pub const CREATE_FROM_FILE: &str = "/api/tokens/create-from-file";

/// The same as [`create`] for a plain form with the file in it. A refusal brings back what was typed, but no file.
#[cfg(feature = "ssr")]
#[server(prefix = "/api", endpoint = "tokens/create-from-file", output = Json, input = leptos::server_fn::codec::MultipartFormData)]
pub async fn create_from_file(data: leptos::server_fn::codec::MultipartData) -> Result<(), Failure> {
    // Neither consent nor a second token of one location: those are given on the page, not by an address that leads to it.
    const TYPED: [&str; 7] = [
        "name",
        "apple_account",
        "take_control",
        "take_control_from",
        "country",
        "account_type",
        "automatic_updates",
    ];
    let mut fields = fields(data).await?;
    let typed = TYPED.map(|name| (name, fields.get(name).cloned().unwrap_or_default()));
    let mut take = |name: &str| fields.remove(name).unwrap_or_default();
    let form = CreateToken {
        file: take("file"),
        name: take("name"),
        apple_account: take("apple_account"),
        take_control: take("take_control") == "true",
        take_control_from: take("take_control_from"),
        keep_duplicate: take("keep_duplicate") == "true",
        country: take("country"),
        account_type: AccountType::parse(&take("account_type")).unwrap_or_default(),
        automatic_updates: take("automatic_updates") == "true",
        consent: take("consent") == "true",
    };
    let typed = typed.iter().map(|(name, text)| (*name, text.as_str()));
    let id = create(form)
        .await
        .map_err(|Failure(fault)| Failure(crate::refusal::with_typed(fault, typed)))?;
    crate::call::leave_to(&format!("/tokens/{id}"));
    Ok(())
}

/// The texts of a multipart form, files too.
#[cfg(feature = "ssr")]
async fn fields(
    data: leptos::server_fn::codec::MultipartData,
) -> Result<std::collections::HashMap<String, String>, Failure> {
    use contract::Code;
    let mut parts = data.into_inner().ok_or(Code::RequestInvalid)?;
    let mut fields = std::collections::HashMap::new();
    while let Some(part) = parts.next_field().await.map_err(|_| Code::RequestInvalid)? {
        let name = part.name().unwrap_or_default().to_owned();
        fields.insert(name, part.text().await.map_err(|_| Code::RequestInvalid)?);
    }
    Ok(fields)
}

#[server(prefix = "/api", endpoint = "tokens/renew", protocol = Call<Json>)]
pub async fn renew(id: TokenId, file: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    Ok(services.tokens.renew(services.caller()?, &id, &file).await?)
}

/// Where the form of `/tokens/:id/renew` goes without WebAssembly.
pub const RENEW_FROM_FILE: &str = "/api/tokens/renew-from-file";

/// The same as [`renew`] for a plain form with the file in it.
#[cfg(feature = "ssr")]
#[server(prefix = "/api", endpoint = "tokens/renew-from-file", output = Json, input = leptos::server_fn::codec::MultipartFormData)]
pub async fn renew_from_file(data: leptos::server_fn::codec::MultipartData) -> Result<(), Failure> {
    let mut fields = fields(data).await?;
    let id = TokenId(fields.remove("id").unwrap_or_default());
    renew(id.clone(), fields.remove("file").unwrap_or_default()).await?;
    crate::call::leave_to(&format!("/tokens/{id}"));
    Ok(())
}

/// `from` is the MDM that the question named.
#[server(prefix = "/api", endpoint = "tokens/take-control", protocol = Call)]
pub async fn take_control(id: TokenId, #[server(default)] from: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services
        .tokens
        .take_control(services.caller()?, &id, &from)
        .await?;
    leptos_axum::redirect(&format!("/tokens/{id}"));
    Ok(())
}

#[server(prefix = "/api", endpoint = "tokens/deletion", protocol = Call)]
pub async fn before_deletion(id: TokenId) -> Result<Deletion, Failure> {
    let services = crate::call::services()?;
    Ok(services.tokens.deletion(services.caller()?, &id).await?)
}

/// Goes on with the steps of the deletion. `confirm` is the token's name, as it was typed; `unknown`: licences that Pomona did
/// not give go too.
#[server(prefix = "/api", endpoint = "tokens/revoke-all", protocol = Call)]
pub async fn revoke_all(
    id: TokenId,
    #[server(default)] confirm: String,
    unknown: Option<bool>,
) -> Result<OperationId, Failure> {
    use contract::licenses::UnknownOrigin;

    let services = crate::call::services()?;
    let unknown = match unknown {
        Some(true) => UnknownOrigin::Goes,
        _ => UnknownOrigin::Stays,
    };
    let revoked = services
        .tokens
        .revoke_all(services.caller()?, &id, &confirm, unknown);
    let operation = revoked.await?;
    crate::call::leave_to(&format!("/tokens/{id}/delete"));
    Ok(operation)
}

/// `name` is the token's, as it was typed.
#[server(prefix = "/api", endpoint = "tokens/delete", protocol = Call)]
pub async fn delete(id: TokenId, #[server(default)] name: String) -> Result<(), Failure> {
    let services = crate::call::services()?;
    services.tokens.delete(services.caller()?, &id, &name).await?;
    leptos_axum::redirect("/tokens");
    Ok(())
}
