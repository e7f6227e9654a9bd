//! Who waits for a licence (A8), and the lines of plans (A7).

use super::pages::{export, key};
use app::{i18n::iso, ui::Address};
use contract::{
    PlanId,
    assignments::{ChangeLine, Outcome, PlanLine, Prompts, Verdict, WaitingRow},
};
use serde::Serialize;
use serde_json::Value;

export! {
    /// In the order in which they get one.
    waiting: "waiting.csv", group_assignments.waiting(of app::assignments::asset, Address::page), HEAD, line
}

const HEAD: [&str; 8] = [
    "place",
    "kind",
    "holder",
    "holder_name",
    "user_name",
    "since",
    "priority",
    "group",
];

fn line(row: WaitingRow) -> Vec<String> {
    vec![
        row.place.to_string(),
        row.holder.kind().as_str().to_owned(),
        row.holder.id().to_owned(),
        row.holder_name.unwrap_or_default(),
        row.user_name.unwrap_or_default(),
        iso(row.since),
        row.priority.as_str().to_owned(),
        row.group_name.unwrap_or_default(),
    ]
}

export! {
    /// A plan for devices chosen by hand: one device and one app each.
    plan: "plan.csv", assignments.lines(of &plan_of, app::assignments::outcomes, Address::page), PLAN_HEAD, plan_line
}

fn plan_of(address: &Address) -> PlanId {
    PlanId(address.get("plan"))
}

const PLAN_HEAD: [&str; 6] = [
    "app",
    "serial_number",
    "device_name",
    "outcome",
    "reason",
    "prompts",
];

fn plan_line(line: PlanLine) -> Vec<String> {
    let reason = match line.outcome {
        Outcome::Cannot { reason } => word(&reason),
        Outcome::Gets | Outcome::Has | Outcome::Waits => String::new(),
    };
    vec![
        line.asset_name,
        key(line.serial.as_str()),
        line.device_name.unwrap_or_default(),
        word(&line.outcome),
        reason,
        asked(line.prompts),
    ]
}

export! {
    /// What saving or removing an assignment would do, holder by holder.
    change: "plan-change.csv",
    group_assignments.change_lines(of &plan_of, app::assignments::changes, Address::page), CHANGE_HEAD, change_line
}

const CHANGE_HEAD: [&str; 8] = [
    "kind",
    "holder",
    "holder_name",
    "group",
    "outcome",
    "reason",
    "waits_behind",
    "prompts",
];

fn change_line(line: ChangeLine) -> Vec<String> {
    let (reason, before) = match line.verdict {
        Verdict::Cannot { reason } | Verdict::Keeps { reason } => (word(&reason), String::new()),
        Verdict::Waits { before } => (String::new(), before.to_string()),
        _ => Default::default(),
    };
    vec![
        line.kind.as_str().to_owned(),
        key(&line.key),
        line.name,
        line.group_name.unwrap_or_default(),
        word(&line.verdict),
        reason,
        before,
        asked(line.prompts),
    ]
}

/// What a choice is called in the API, without what it carries.
fn word(choice: &impl Serialize) -> String {
    match serde_json::to_value(choice) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(carries)) => carries.into_iter().map(|(name, _)| name).collect(),
        _ => String::new(),
    }
}

/// A9: what whoever gets a licence will be asked.
fn asked(prompts: Option<Prompts>) -> String {
    let (asked, kiosks) = match prompts {
        None => return String::new(),
        Some(Prompts::NotSupported) => return "not_supported".to_owned(),
        Some(Prompts::Asked {
            invitation,
            install,
            apple_account,
        }) => ([invitation, install, apple_account], false),
        Some(Prompts::NotOnKiosks {
            invitation,
            install,
            apple_account,
        }) => ([invitation, install, apple_account], true),
    };
    let [invitation, install, apple_account] = asked;
    let words = [
        ("nothing", !asked.contains(&true)),
        ("invitation", invitation),
        ("install", install),
        ("apple_account", apple_account),
        ("not_on_kiosks", kiosks),
    ];
    let said: Vec<_> = words
        .iter()
        .filter(|(_, said)| *said)
        .map(|(word, _)| *word)
        .collect();
    said.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::assignments::Reason;

    #[test]
    fn h4_words_are_those_of_the_api() {
        assert_eq!(word(&Outcome::Gets), "gets");
        assert_eq!(word(&Verdict::Waits { before: 3 }), "waits");
        let reason = Reason::DeviceGone;
        assert_eq!(word(&Outcome::Cannot { reason }), "cannot");
        assert_eq!(word(&reason), "device_gone");
    }

    #[test]
    fn a9_what_is_asked_stands_in_one_cell() {
        let (invitation, apple_account) = (true, false);
        let ask = |install| Prompts::Asked {
            invitation,
            install,
            apple_account,
        };
        assert_eq!(asked(Some(ask(true))), "invitation install");
        let (invitation, install) = (false, false);
        let kiosks = Prompts::NotOnKiosks {
            invitation,
            install,
            apple_account,
        };
        assert_eq!(asked(Some(kiosks)), "nothing not_on_kiosks");
        assert_eq!(asked(Some(Prompts::NotSupported)), "not_supported");
        assert_eq!(asked(None), "");
    }
}
