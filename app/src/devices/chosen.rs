//! `/devices/chosen`: where the list's form leads. Goes on at once: to assigning, which knows devices by id, or to
//! revoking, which knows them by serial number.

use crate::ui::address;
use contract::{DeviceId, Serial};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, components::Redirect};

pub fn chosen_page() -> AnyView {
    let path = address().with_untracked(|address| target(&address.get("do"), &address.all("chosen")));
    // So that "back" leads to the list and not here.
    let options = NavigateOptions {
        replace: true,
        ..NavigateOptions::default()
    };
    view! { <Redirect path options/> }.into_any()
}

/// What a ticked row sends.
pub(super) fn value(id: &DeviceId, serial: &Serial) -> String {
    format!("{id}.{serial}")
}

fn target(what: &str, chosen: &[String]) -> String {
    let plain = |text: &&str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let chosen = chosen.iter().filter_map(|value| value.split_once('.'));
    let (path, name, values): (_, _, Vec<&str>) = match what {
        "revoke" => (
            "/licenses/revoke",
            "serial",
            chosen.map(|(_, serial)| serial).filter(plain).collect(),
        ),
        _ => (
            "/assign",
            "device",
            chosen.map(|(id, _)| id).filter(plain).collect(),
        ),
    };
    let query = values
        .iter()
        .map(|value| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&");
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigning_gets_ids_and_revoking_serial_numbers() {
        let chosen = ["01-a", "01-b"].map(|id| value(&id.into(), &Serial::known("C02Y402HLCM6")));
        assert_eq!(target("assign", &chosen), "/assign?device=01-a&device=01-b");
        assert_eq!(
            target("revoke", &chosen),
            "/licenses/revoke?serial=C02Y402HLCM6&serial=C02Y402HLCM6"
        );
    }

    #[test]
    fn what_no_row_sends_is_left_out() {
        assert_eq!(
            target("assign", &["a&b.x".to_owned(), "nothing".to_owned()]),
            "/assign"
        );
        assert_eq!(target("", &[]), "/assign");
    }
}
