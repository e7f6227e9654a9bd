//! The help desk (H2): what one box finds, what the card says, and what each role is offered.

use crate::{
    main_job::{app_with, without},
    stand::{Stand, until, usual},
    web::Visitor,
};
use contract::{
    Caller, Code, Role, Serial,
    activity::Activity,
    licenses::{LicenseQuery, LicenseState, Licenses},
    overview::{AlertRules, Overview},
    people::{People, PersonForm},
    search::{Cause, DeviceCard, ErrorKind, Found, HelpDesk, Step, Troubled},
    tokens::{TokenState, Tokens},
};
use reqwest::StatusCode;
use sandbox::{Faults, Organisation};
use std::collections::BTreeMap;

async fn stand() -> Stand {
    Stand::start(Organisation {
        apps: 4,
        devices: 12,
        assignments: 12,
        spare: Some(3),
        ..Organisation::default()
    })
    .await
}

async fn search(stand: &Stand, text: &str) -> Found {
    HelpDesk::search(&stand.portal, &stand.owner, text).await.unwrap()
}

async fn card(stand: &Stand, serial: &str) -> DeviceCard {
    search(stand, serial).await.card.expect("a card")
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_a_serial_number_leads_straight_to_its_card() {
    let stand = stand().await;
    let token = stand.create_token().await;
    let serial = stand.sandbox.control().state(&stand.uid()).unwrap().assignments[0]
        .serial_number
        .as_deref()
        .unwrap()
        .to_owned();
    let found = search(&stand, &format!("  {} ", serial.to_lowercase())).await;
    let card = found.card.expect("a card");
    assert_eq!(card.serial, Serial::parse(&serial).unwrap());
    assert_eq!(card.device.as_ref().unwrap().serial, card.serial);
    assert!(!card.licenses.is_empty() && !card.more);
    for license in &card.licenses {
        assert_eq!(license.row.state, LicenseState::Held);
        assert_eq!((&license.cause, &license.step), (&Cause::GivenElsewhere, &None));
    }
    assert_eq!(card.tokens.len(), 1);
    assert_eq!(
        (&card.tokens[0].id, &card.tokens[0].state),
        (&token, &TokenState::Valid)
    );
    assert!(found.devices.is_empty() && found.assets.is_empty() && found.error.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_names_apps_and_their_numbers_are_found() {
    let stand = stand().await;
    stand.create_token().await;
    let name = card(&stand, &stand.serials()[0]).await.device.unwrap().name;
    let found = search(&stand, &name).await;
    assert!(
        found.card.is_some() || found.devices.iter().any(|device| device.name == name),
        "{name}"
    );
    let app = stand.apps().await.remove(0);
    let detail = contract::catalog::Catalog::detail(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap();
    let beginning: String = app.name.chars().take(4).collect();
    let middle: String = app.name.chars().skip(1).collect();
    for text in [&app.name, &beginning, &detail.adam_id, &detail.bundle_id, &middle] {
        let found = search(&stand, text).await;
        assert!(found.assets.iter().any(|row| row.id == app.id), "{text}");
    }
    for nothing in ["", "   ", "no such thing", "%", &"x".repeat(5_000)] {
        assert!(search(&stand, nothing).await.is_empty(), "{nothing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_people_are_found_by_name_user_name_and_address() {
    let stand = stand().await;
    let form = PersonForm {
        name: "Alva Berg".into(),
        user_name: "ab".into(),
        email: "alva@skola.example".into(),
        ..PersonForm::default()
    };
    let alva = People::add(&stand.portal, &stand.owner, form).await.unwrap();
    for text in ["alva berg", "ab", "AB", "lva b", "alva@skola.example"] {
        let found = search(&stand, text).await;
        let people: Vec<_> = found.people.iter().map(|row| row.id.clone()).collect();
        assert_eq!(people, std::slice::from_ref(&alva), "{text}");
    }
    assert!(search(&stand, "alva lind").await.is_empty());
    let desk = Visitor::signed_in_as(&stand, Role::HelpDesk).await;
    let page = desk.get("/search?q=alva").await.text().await.unwrap();
    assert!(page.contains(&format!("href=\"/people/{alva}\"")), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_an_error_number_names_what_has_it_now() {
    let stand = stand().await;
    let file = stand.token_file();
    let token = Tokens::create(&stand.portal, &stand.owner, crate::stand::form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&token).await;
    let app = app_with(&stand, 1).await;
    let serials = without(&stand, &app).await;
    stand.sandbox.control().revoke_token(&file).unwrap();
    let operation = stand.assign(vec![app.id], &serials[..1]).await;
    let card = async |number: &str| search(&stand, number).await.error.expect("the error's card");
    until("the token and its operation are named", async || {
        let now = card("9625").await.now;
        (now.tokens, now.operations) == (1, 1)
    })
    .await;
    let now = card("9625").await.now;
    assert_eq!(now.first_tokens[0].id, token);
    assert_eq!(now.first_operations[0].id, operation);
    assert_eq!(card("9621").await.now, Troubled::default());

    // A sync that fails of it is counted, also when it is no state of the token.
    Tokens::renew(&stand.portal, &stand.owner, &token, &stand.token_file())
        .await
        .unwrap();
    stand.done(&operation).await;
    stand.synced(&token).await;
    assert_eq!(card("9625").await.now, Troubled::default());
    stand.sandbox.control().set_faults(Faults {
        request_error: Some(9602),
        ..usual()
    });
    Tokens::sync(&stand.portal, &stand.owner, &token).await.unwrap();
    until("the failed sync is counted", async || {
        let card = card("9602").await;
        (card.now.tokens, card.failed_syncs) == (1, 1)
    })
    .await;
    let page = Visitor::signed_in_as(&stand, Role::Owner).await;
    let page = page.get("/search?q=9602").await.text().await.unwrap();
    assert!(page.contains(&format!("/tokens/{token}")));
    assert!(page.contains("1 sync has failed with it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_the_card_tells_why_a_licence_waits_or_failed_and_what_helps() {
    let stand = stand().await;
    let file = stand.token_file();
    let token = Tokens::create(&stand.portal, &stand.owner, crate::stand::form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&token).await;
    let app = app_with(&stand, 3).await;
    let serials = without(&stand, &app).await;
    let of = |card: DeviceCard| {
        card.licenses
            .into_iter()
            .find(|license| license.row.asset == app.id)
            .expect("the licence")
    };

    stand.sandbox.control().set_faults(Faults {
        event_error: Some(9635),
        ..usual()
    });
    let operation = stand.assign(vec![app.id], &serials[..1]).await;
    let row = stand.done(&operation).await;
    assert_eq!(row.failed, 1);
    stand.sandbox.control().set_faults(usual());
    let failed = of(card(&stand, &serials[0]).await);
    assert_eq!(failed.row.error.as_ref().unwrap().number, 9635);
    assert_eq!((failed.cause, failed.step), (Cause::Refused, None));

    let error = search(&stand, "9635").await.error.expect("the error's card");
    assert_eq!(
        (error.number, error.kind, error.failed),
        (9635, Some(ErrorKind::Request), 1)
    );
    assert_eq!(error.last[0].holder.id(), serials[0]);
    assert_eq!(error.last[0].operation.as_ref(), Some(&operation));
    assert_eq!(
        (error.now.licenses, error.now.tokens, error.now.operations),
        (1, 0, 0)
    );
    let query = LicenseQuery {
        error: Some(9635),
        ..LicenseQuery::default()
    };
    let with_it = Licenses::list(&stand.portal, &stand.owner, query).await.unwrap();
    assert_eq!(with_it.rows.len(), 1);
    assert_eq!(with_it.rows[0].holder.id(), serials[0]);
    let unknown = search(&stand, "9999").await.error.unwrap();
    assert_eq!((unknown.kind, unknown.failed), (None, 0));
    assert_eq!(unknown.now, Troubled::default());

    let operation = stand.assign(vec![app.id], &serials).await;
    let row = stand.done(&operation).await;
    assert!(row.waiting > 0);
    let mut waiting = None;
    for serial in &serials {
        let license = of(card(&stand, serial).await);
        match license.row.state {
            LicenseState::Held => assert_eq!((license.cause, license.step), (Cause::Confirmed, None)),
            LicenseState::Waiting => {
                let number = row.waiting;
                assert_eq!(license.cause, Cause::NoneLeft { waiting: number });
                assert!(matches!(license.step, Some(Step::Buy { waiting, .. }) if waiting == number));
                waiting = Some(serial.clone());
            }
            other => panic!("{other:?}"),
        }
    }

    stand.sandbox.control().revoke_token(&file).unwrap();
    Tokens::sync(&stand.portal, &stand.owner, &token).await.unwrap();
    until("the token is revoked", async || {
        stand.token().await.state == TokenState::Revoked
    })
    .await;
    let license = of(card(&stand, &waiting.expect("somebody waits")).await);
    assert_eq!(
        (license.cause, license.step),
        (
            Cause::Token {
                token: TokenState::Revoked
            },
            Some(Step::RenewToken { token })
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_every_role_may_search_and_is_offered_what_it_may_do() {
    let stand = stand().await;
    let file = stand.token_file();
    let token = Tokens::create(&stand.portal, &stand.owner, crate::stand::form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&token).await;
    let app = app_with(&stand, 3).await;
    let serials = without(&stand, &app).await;
    let operation = stand.assign(vec![app.id], &serials).await;
    assert!(stand.done(&operation).await.waiting > 0);
    let mut waiting = None;
    for serial in &serials {
        let card = card(&stand, serial).await;
        if card
            .licenses
            .iter()
            .any(|license| license.row.state == LicenseState::Waiting)
        {
            waiting = Some(serial.clone());
        }
    }
    let path = format!("/search?q={}", waiting.expect("somebody waits"));
    let buys = offers(&stand, &path, "Buy more licences").await;
    assert_eq!(buys, shown(&[Role::Owner, Role::Administrator, Role::HelpDesk]));

    stand.sandbox.control().revoke_token(&file).unwrap();
    Tokens::sync(&stand.portal, &stand.owner, &token).await.unwrap();
    until("the token is revoked", async || {
        stand.token().await.state == TokenState::Revoked
    })
    .await;
    let renews = offers(&stand, &path, "Renew the token").await;
    assert_eq!(renews, shown(&[Role::Owner, Role::Administrator]));
    let explained = offers(&stand, &path, "Apple has revoked this token").await;
    assert_eq!(explained, shown(&Role::ALL));

    let desk = caller(&stand, Role::HelpDesk);
    let detail = Tokens::detail(&stand.portal, &desk, &token).await.unwrap();
    let form = contract::tokens::EditToken {
        name: "Mine".into(),
        apple_account: detail.row.apple_account,
        country: detail.row.country,
        account_type: detail.row.account_type,
        automatic_updates: false,
        sync_hours: 1,
    };
    let refused = Tokens::edit(&stand.portal, &desk, &token, form)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::NotAllowed);
    let refused = Activity::resume(&stand.portal, &caller(&stand, Role::ReadOnly), &operation).await;
    assert_eq!(refused.unwrap_err().code, Code::NotAllowed);
}

fn caller(stand: &Stand, role: Role) -> Caller {
    Caller {
        role,
        ..stand.owner.clone()
    }
}

fn shown(roles: &[Role]) -> BTreeMap<&'static str, bool> {
    Role::ALL
        .into_iter()
        .map(|role| (role.as_str(), roles.contains(&role)))
        .collect()
}

/// Which roles read this on that page.
async fn offers(stand: &Stand, path: &str, words: &str) -> BTreeMap<&'static str, bool> {
    let mut offers = BTreeMap::new();
    for role in Role::ALL {
        let visitor = Visitor::signed_in_as(stand, role).await;
        let answer = visitor.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{role:?}");
        let page = answer.text().await.unwrap();
        offers.insert(role.as_str(), page.contains(words));
    }
    offers
}

#[tokio::test(flavor = "multi_thread")]
async fn n1_warnings_are_set_by_administrators_and_shown_on_the_first_page() {
    let stand = stand().await;
    stand.create_token().await;
    let low = async || {
        let summary = Overview::summary(&stand.portal, &stand.owner).await.unwrap();
        summary.running_out.len()
    };
    let set = async |role, licenses_left| {
        let rules = AlertRules { licenses_left };
        Overview::set_alert_rules(&stand.portal, &caller(&stand, role), rules).await
    };
    set(Role::Administrator, 0).await.unwrap();
    let before = low().await;
    set(Role::Administrator, 1_000).await.unwrap();
    assert!(low().await > before, "apps with few licences left are shown");
    let wrong = set(Role::Owner, -1).await.unwrap_err();
    assert_eq!(wrong.fields[0].field, "licenses_left");
    for role in [Role::HelpDesk, Role::ReadOnly] {
        assert_eq!(set(role, 1).await.unwrap_err().code, Code::NotAllowed);
    }
    let rules = Overview::alert_rules(&stand.portal, &stand.owner).await.unwrap();
    assert_eq!(rules.licenses_left, 1_000);
}

#[test]
fn every_error_number_of_apple_has_its_words_in_each_language() {
    let locales = [
        include_str!("../../../app/locales/en.json"),
        include_str!("../../../app/locales/sv.json"),
        include_str!("../../../app/locales/nl.json"),
    ];
    let texts: Vec<BTreeMap<String, String>> = locales
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    for known in apple::explanations() {
        for (part, words) in [("cause", known.cause), ("remedy", known.remedy)] {
            let key = format!("apple_{}_{part}", known.number);
            assert_eq!(texts[0][&key].replace('’', "'"), words, "{key}");
            for text in &texts[1..] {
                assert!(text[&key].ends_with('.') && text[&key] != texts[0][&key], "{key}");
            }
        }
    }
    let keys = texts[0].keys().filter(|key| key.starts_with("apple_")).count();
    assert_eq!(keys, apple::explanations().count() * 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn h2_what_begins_with_the_text_hides_nothing_that_has_it_inside() {
    let stand = stand().await;
    stand.create_token().await;
    let (app, word) = stand
        .apps()
        .await
        .into_iter()
        .find_map(|app| {
            let word = app.name.split_once(' ')?.1.to_owned();
            (word.len() > 3).then_some((app, word))
        })
        .expect("an app with two words");
    let inside = search(&stand, &word).await.assets;
    assert!(inside.iter().any(|row| row.id == app.id));
    let trolley = contract::devices::DeviceForm {
        name: format!("{word} trolley"),
        serial: "C02TROLLEY99".into(),
        ..Default::default()
    };
    let now = stand.portal.clock.now();
    let id = contract::DeviceId(server::clock::new_id(now));
    stand
        .portal
        .db
        .import_devices(&[(id, trolley)], now, store::devices::Import::Write)
        .await
        .unwrap();
    let both = search(&stand, &word).await;
    assert!(both.card.is_some(), "the only device");
    assert_eq!(both.assets, inside);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_number_is_found_in_small_letters_and_with_blanks() {
    use contract::licenses::{LedgerQuery, LicenseQuery, Licenses};

    let stand = stand().await;
    stand.create_token().await;
    let app = app_with(&stand, 1).await;
    let serial = without(&stand, &app).await.remove(0);
    stand
        .done(&stand.assign(vec![app.id], std::slice::from_ref(&serial)).await)
        .await;
    let typed = format!(" {} ", serial.to_lowercase());
    let query = LicenseQuery {
        holder: typed.clone(),
        ..LicenseQuery::default()
    };
    let rows = Licenses::list(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows;
    assert!(rows.iter().any(|row| row.asset == app.id));
    let query = LedgerQuery {
        holder: typed,
        ..LedgerQuery::default()
    };
    let lines = Licenses::ledger(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows;
    assert!(!lines.is_empty() && lines.iter().all(|line| line.holder.id() == serial));
}
