//! `GET` and `POST client/config` (apple-api.md §1.3): settings of a location. What a POST leaves out stays as it is.

use super::reply::{Answer, Refusal};
use super::{Caller, Handled};
use crate::events::deliver_test;
use crate::faults::Faults;
use crate::wire::{ClientConfig, ClientConfigChange, ErrorNumber, MdmInfo};

/// The settings.
pub(super) fn read(caller: &Caller) -> Answer {
    let state = caller.location.state.read();
    Answer::json(&ClientConfig {
        country: state.country.clone(),
        default_platform: caller.location.kind.platform(),
        location_name: state.name.clone(),
        notification_auth_token: state.notifications.auth_token.clone(),
        notification_url: state.notifications.url.clone(),
        subscribed_notification_types: state.notifications.types.clone(),
        website_url: caller.location.kind.website(),
        envelope: caller.envelope_with_expiry(&state),
    })
}

/// Changes the settings, after the notification URL proved to work.
pub(super) async fn write(caller: &Caller, body: &[u8]) -> Handled {
    let change: ClientConfigChange = serde_json::from_slice(body).map_err(|_| ErrorNumber(9602))?;
    let mdm_info = check(&change, &caller.faults.faults)?;
    let mut settings = caller.location.state.read().notifications.clone();
    let notifications = change.notification_url.is_some() || change.notification_types.is_some();
    settings.url = change.notification_url.or(settings.url);
    settings.auth_token = change.notification_auth_token.or(settings.auth_token);
    settings.types = change.notification_types.unwrap_or(settings.types);
    if notifications && let (Some(url), Some(auth_token)) = (&settings.url, &settings.auth_token) {
        let delivered = deliver_test(&caller.world, &caller.location.uid, url, auth_token).await;
        if !delivered {
            return Err(ErrorNumber(9728).into());
        }
    }
    let mut state = caller.location.state.write();
    state.notifications = settings;
    state.mdm_info = mdm_info.or(state.mdm_info.take());
    drop(state);
    Ok(read(caller))
}

/// The rules in the order of their numbers; returns `mdmInfo` if it is there and whole.
fn check(change: &ClientConfigChange, faults: &Faults) -> Result<Option<MdmInfo>, Refusal> {
    let limits = &faults.limits;
    let too_long = |text: Option<&str>, limit| text.is_some_and(|text| text.chars().count() > limit);
    let refuse_if = |condition: bool, number| {
        if condition {
            Err(ErrorNumber(number))
        } else {
            Ok(())
        }
    };
    let url = change.notification_url.as_deref();
    let auth_token = change.notification_auth_token.as_deref();
    let given = |text: Option<&str>| text.is_some_and(|text| !text.is_empty());
    refuse_if(
        (url.is_some() || auth_token.is_some()) && !(given(url) && given(auth_token)),
        9710,
    )?;
    let length = limits.max_notification_length;
    refuse_if(too_long(url, length) || too_long(auth_token, length), 9711)?;
    refuse_if(
        url.is_some_and(|url| !is_acceptable(url, faults.http_notification_urls)),
        9712,
    )?;
    let Some(info) = &change.mdm_info else {
        return Ok(None);
    };
    let (id, name, metadata) = (info.id.as_deref(), info.name.as_deref(), info.metadata.as_deref());
    refuse_if(too_long(metadata, limits.max_mdm_metadata_length), 9713)?;
    refuse_if(![id, name, metadata].into_iter().all(given), 9723)?;
    refuse_if(too_long(id, limits.max_mdm_id_length), 9724)?;
    refuse_if(too_long(name, limits.max_mdm_name_length), 9725)?;
    let (Some(id), Some(name), Some(metadata)) = (id, name, metadata) else {
        return Ok(None);
    };
    Ok(Some(MdmInfo {
        id: id.to_owned(),
        name: name.to_owned(),
        metadata: metadata.to_owned(),
    }))
}

/// https with host and path only; http on loopback if so set.
fn is_acceptable(url: &str, http_on_loopback: bool) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && loopback && http_on_loopback);
    scheme
        && !host.is_empty()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
}
