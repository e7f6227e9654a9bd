//! `GET` and `POST client/config` (apple-api.md §1.3): settings of a location. What a POST leaves out stays as it is,
//! unless it is ordered that it goes.

use indexmap::IndexSet;

use super::reply::{Answer, Refusal};
use super::{Caller, Handled};
use crate::events::deliver_test;
use crate::faults::Faults;
use crate::wire::{ClientConfig, ClientConfigChange, ErrorNumber, MdmInfo};
use crate::world::NotificationSettings;

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
    if !caller.faults.faults.read_only_claims {
        caller.check_role()?;
    }
    let change: ClientConfigChange = serde_json::from_slice(body).map_err(|_| ErrorNumber(9602))?;
    let mdm_info = check(&change, &caller.faults.faults)?;
    if change.notification_url.is_some() || change.notification_types.is_some() {
        try_out(caller, &change).await?;
    }
    // What is left out is not written either: another request may have changed it during the try.
    let mut state = caller.location.state.write();
    if caller.faults.faults.client_config_replaces {
        state.notifications = NotificationSettings::default();
        state.mdm_info = None;
    }
    let settings = &mut state.notifications;
    settings.url = change.notification_url.or(settings.url.take());
    settings.auth_token = change.notification_auth_token.or(settings.auth_token.take());
    if let Some(types) = change.notification_types {
        settings.types = types.into_iter().collect::<IndexSet<_>>().into_iter().collect();
    }
    state.mdm_info = mdm_info.or(state.mdm_info.take());
    drop(state);
    Ok(read(caller))
}

/// Sends TEST_NOTIFICATION where notifications will go, if that is known.
async fn try_out(caller: &Caller, change: &ClientConfigChange) -> Result<(), Refusal> {
    let now = caller.location.state.read().notifications.clone();
    let url = change.notification_url.as_ref().or(now.url.as_ref());
    let auth_token = change
        .notification_auth_token
        .as_ref()
        .or(now.auth_token.as_ref());
    let (Some(url), Some(auth_token)) = (url, auth_token) else {
        return Ok(());
    };
    if deliver_test(&caller.world, &caller.location.uid, url, auth_token).await {
        Ok(())
    } else {
        Err(ErrorNumber(9728).into())
    }
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
    let Some(sent) = &change.mdm_info else {
        return Ok(None);
    };
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let info = MdmInfo {
        id: text(&sent.id),
        name: text(&sent.name),
        metadata: text(&sent.metadata),
    };
    limits.check_mdm_info(&info)?;
    Ok(Some(info))
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
