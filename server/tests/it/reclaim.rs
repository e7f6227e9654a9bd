//! Freeing licences that nobody uses: rules, review, orphans (R3, L3), and the 30 days of Macs (R2).

use crate::{
    exports::export,
    shop::{REQUIRED, Shop},
    stand::{Ahead, Stand, until},
    web::Visitor,
};
use contract::{
    Code, DAY, PageQuery, Role,
    assignments::{GroupAssignments, Reason, Verdict},
    devices::Devices,
    licenses::{
        Act, Holder, LedgerQuery, LedgerRow, Licenses, MacGrace, MacGraceQuery, Revocation, RevocationForm,
    },
    reclaim::{
        Decision, OrphanKind, OrphanQuery, Reclaim, ReclaimQuery, ReclaimRow, ReclaimRule, ReclaimScope,
        RuleKind, RuleMode, Verdict as Decided,
    },
};
use reqwest::StatusCode;
use std::sync::Arc;

async fn queue(stand: &Stand) -> Vec<ReclaimRow> {
    let page = stand.portal.queue(&stand.owner, ReclaimQuery::default()).await;
    page.unwrap().rows
}

fn rule(kind: RuleKind, mode: RuleMode) -> ReclaimRule {
    ReclaimRule {
        mode,
        days: 30,
        hold_minutes: 0,
        ..ReclaimRule::new(kind)
    }
}

async fn ledger(stand: &Stand, act: Act) -> Vec<LedgerRow> {
    let query = LedgerQuery {
        act: Some(act),
        ..LedgerQuery::default()
    };
    Licenses::ledger(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_a_rule_that_acts_frees_a_gone_device_and_its_assignment_waits_until_it_is_back() {
    let shop = Shop::open(4, 10).await;
    shop.assign("all_devices", REQUIRED).await;
    shop.holds("all have it", shop.serials(0..4)).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let own = rule(RuleKind::Gone, RuleMode::Automatic);
    assert_eq!(portal.preview_rule(owner, own).await.unwrap().licenses, 0);
    portal.save_rule(owner, own).await.unwrap();
    Devices::set_gone(portal, owner, &shop.devices[0].id, true)
        .await
        .unwrap();
    shop.holds("the gone device has lost it", shop.serials(1..4))
        .await;
    let line = &ledger(&shop.stand, Act::Released).await[0];
    assert_eq!(
        (line.actor.as_str(), line.reason.as_str()),
        ("Pomona", "reclaim rule: the device is gone")
    );
    let why = portal
        .explain(owner, shop.app, shop.devices[0].serial.as_str())
        .await
        .unwrap();
    assert_eq!(
        why.verdict,
        Some(Verdict::Cannot {
            reason: Reason::DeviceGone
        })
    );
    let report = portal.report(owner).await.unwrap();
    assert_eq!(
        (report.len(), report[0].rule, report[0].proposed, report[0].taken),
        (1, RuleKind::Gone, 1, 1)
    );
    Devices::set_gone(portal, owner, &shop.devices[0].id, false)
        .await
        .unwrap();
    shop.holds("all have it again", shop.serials(0..4)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_what_is_reviewed_is_approved_or_kept_without_scripts() {
    let mut shop = Shop::open(4, 10).await;
    let ids = shop.ids(0..4);
    shop.group("all", 1, ids).await;
    shop.assign("all", REQUIRED).await;
    shop.holds("all have it", shop.serials(0..4)).await;
    let stand = &shop.stand;
    let now = stand.portal.clock.now();
    let admin = Visitor::signed_in_as(stand, Role::Administrator).await;
    for (unseen, told) in [
        (1, "1 device would lose 1 licence<"),
        (3, "3 devices would lose 3 licences<"),
    ] {
        for device in &shop.devices[..unseen] {
            let seen = stand.portal.db.note_seen(&device.id, now - 31 * DAY);
            seen.await.unwrap();
        }
        let preview = admin.get("/reclaim/rule?kind=unseen&days=30").await;
        let text = preview.text().await.unwrap();
        assert!(text.contains(told), "{told}: {text}");
    }
    let unseen = [
        ("kind", "unseen"),
        ("mode", "review"),
        ("days", "30"),
        ("hold_minutes", "0"),
    ];
    let reader = Visitor::signed_in_as(stand, Role::ReadOnly).await;
    let refused = reader.call("reclaim/save", &unseen).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let saved = admin.call("reclaim/save", &unseen).await;
    assert_eq!(saved.status(), StatusCode::OK);
    until("three wait for review", async || queue(stand).await.len() == 3).await;
    let rows = queue(stand).await;
    let page = admin.get("/reclaim").await.text().await.unwrap();
    assert!(rows.iter().all(|row| page.contains(row.holder.id())));
    assert!(page.contains("href=\"/export/reclaim.csv\""));
    let (head, lines) = export(&reader, "reclaim.csv?why=unseen").await;
    assert_eq!(head, "app,location,kind,holder,holder_name,why,since,proposed");
    assert!(
        lines.len() == 3 && lines.iter().all(|line| line.contains(",unseen,")),
        "{lines:?}"
    );
    assert!(export(&reader, "reclaim.csv?why=gone").await.1.is_empty());

    let one = |row: &ReclaimRow| ReclaimScope::Licenses(vec![(row.asset, row.holder.clone())]);
    let decision = |how, scope| serde_json::to_string(&Decision { how, scope }).unwrap();
    let keep = decision(Decided::Keep, one(&rows[0]));
    let form = [("what", keep.as_str()), ("reason", "on a ship")];
    assert_eq!(
        reader.call("reclaim/decide", &form).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(admin.call("reclaim/decide", &form).await.status(), StatusCode::OK);
    assert_eq!(queue(stand).await.len(), 2);
    let kept = stand
        .portal
        .kept(&stand.owner, PageQuery::default())
        .await
        .unwrap();
    assert_eq!(
        (
            kept.rows.len(),
            kept.rows[0].reason.as_str(),
            &kept.rows[0].holder
        ),
        (1, "on a ship", &rows[0].holder)
    );
    let page = reader.get("/reclaim/kept").await.text().await.unwrap();
    assert!(page.contains("href=\"/export/reclaim-kept.csv\""));
    let (head, lines) = export(&reader, "reclaim-kept.csv").await;
    assert_eq!(head, "kind,holder,holder_name,app,reason,by,at");
    let whose = format!("device,{},", rows[0].holder.id());
    assert!(
        lines.len() == 1 && lines[0].starts_with(&whose) && lines[0].contains(",on a ship,"),
        "{lines:?}"
    );
    let all = decision(Decided::Approve, ReclaimScope::Matching(ReclaimQuery::default()));
    let untyped = admin.call("reclaim/decide", &[("what", all.as_str())]).await;
    assert_eq!(untyped.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let typed = [("what", all.as_str()), ("confirm", "2"), ("reason", "sold")];
    assert_eq!(
        admin.call("reclaim/decide", &typed).await.status(),
        StatusCode::OK
    );
    let left: std::collections::BTreeSet<String> = shop
        .devices
        .iter()
        .map(|device| device.serial.to_string())
        .filter(|serial| rows[1..].iter().all(|row| row.holder.id() != serial))
        .collect();
    shop.holds("two are free, and stay so", left.clone()).await;
    let line = &ledger(stand, Act::Released).await[0];
    assert_eq!(line.reason, "reclaim rule: not seen for 30 days; sold");
    let nothing = stand
        .portal
        .decide(
            &stand.owner,
            Decision {
                how: Decided::Approve,
                scope: one(&rows[1]),
            },
            "",
            0,
        )
        .await;
    assert_eq!(nothing.unwrap_err().code, Code::NothingChosen);
    // One of them checks in again, and its assignment gives it back.
    let back = shop
        .devices
        .iter()
        .find(|device| device.serial.as_str() == rows[1].holder.id())
        .unwrap();
    stand
        .portal
        .db
        .note_seen(&back.id, stand.portal.clock.now())
        .await
        .unwrap();
    stand.portal.wake.ring();
    let mut again = left;
    again.insert(back.serial.to_string());
    shop.holds("the one that was seen has it again", again).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn l3_licences_of_unknown_devices_are_listed_and_returned() {
    let mut shop = Shop::open(3, 10).await;
    // By hand: what an assignment gave would be taken back with the next plan.
    let serials: Vec<String> = shop.serials(0..3).into_iter().collect();
    shop.stand.assign(vec![shop.app], &serials).await;
    shop.holds("all have it", shop.serials(0..3)).await;
    let gone = shop.devices[2].clone();
    shop.run(format!(
        "DELETE FROM group_members WHERE member = '{0}'; DELETE FROM devices WHERE id = '{0}'",
        gone.id
    ))
    .await;
    let stand = &shop.stand;
    let visitor = Visitor::signed_in_as(stand, Role::HelpDesk).await;
    stand
        .portal
        .db
        .reclaim_soon(stand.portal.clock.now())
        .await
        .unwrap();
    stand.portal.wake.ring();
    let orphans = async || {
        let query = OrphanQuery {
            why: Some(OrphanKind::UnknownDevice),
            ..OrphanQuery::default()
        };
        stand.portal.orphans(&stand.owner, query).await.unwrap().rows
    };
    until("it is found", async || orphans().await.len() == 1).await;
    let orphan = orphans().await.remove(0);
    assert_eq!((orphan.holder.id(), orphan.known), (gone.serial.as_str(), true));
    let page = visitor
        .get("/orphans?why=unknown_device")
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("href=\"/export/orphans.csv?why=unknown_device\""));
    let (head, lines) = export(&visitor, "orphans.csv?why=unknown_device").await;
    assert_eq!(
        head,
        "app,location,kind,holder,holder_name,why,since,known,revocable"
    );
    let what = format!(",device,{},,unknown_device,", gone.serial);
    assert!(
        lines.len() == 1 && lines[0].contains(&what) && lines[0].ends_with(",true,true"),
        "{lines:?}"
    );
    let link = format!("/licenses/revoke?license={}%3Adevice%3A{}", shop.app, gone.serial);
    assert!(page.contains(&link), "{page}");
    assert_eq!(visitor.get(&link).await.status(), StatusCode::OK);
    let what = Revocation::Licenses {
        licenses: vec![(orphan.asset, orphan.holder)],
    };
    Licenses::revoke(&stand.portal, &stand.owner, RevocationForm::of(what))
        .await
        .unwrap();
    shop.holds("it is returned", shop.serials(0..2)).await;
    assert_eq!(orphans().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_mac_keeps_a_revoked_app_for_30_days_and_the_clock_survives_a_restart() {
    let mut shop = Shop::open(3, 10).await;
    shop.run("UPDATE devices SET platform = 'macos' WHERE id <> (SELECT max(id) FROM devices)".to_owned())
        .await;
    let ids = shop.ids(0..3);
    shop.group("all", 1, ids).await;
    shop.assign("all", REQUIRED).await;
    shop.holds("all have it", shop.serials(0..3)).await;
    let Shop {
        stand, app, devices, ..
    } = shop;
    let clock = Arc::new(Ahead::default());
    let stand = stand.restart(clock.clone()).await;
    let macs = async |stand: &Stand| -> Vec<MacGrace> {
        let page = Licenses::macs(&stand.portal, &stand.owner, MacGraceQuery::default()).await;
        page.unwrap().rows
    };
    let change = contract::assignments::Change::Remove {
        asset: app,
        group: "all".into(),
    };
    let plan = stand.portal.plan_change(&stand.owner, change).await.unwrap();
    stand
        .portal
        .apply_change(&stand.owner, &plan, false)
        .await
        .unwrap();
    until("both Macs have 30 days", async || macs(&stand).await.len() == 2).await;
    let first = macs(&stand).await.remove(0);
    assert_eq!(first.ends_at - first.revoked_at, 30 * DAY);
    let visitor = Visitor::signed_in_as(&stand, Role::HelpDesk).await;
    for path in [
        format!("/devices/{}", first.device),
        format!("/apps/{app}"),
        "/licenses/macs".to_owned(),
    ] {
        let page = visitor.get(&path).await.text().await.unwrap();
        let give = format!("/assign?asset={app}&amp;device={}", first.device);
        assert!(page.contains(&give), "{path} offers a licence");
    }
    // A licence given again ends the clock of the second Mac.
    let second = devices
        .iter()
        .find(|device| device.id != first.device && device.id != devices[2].id)
        .unwrap();
    let given = stand.assign(vec![app], &[second.serial.to_string()]).await;
    stand.done(&given).await;
    let left = macs(&stand).await;
    assert_eq!(
        left.iter().map(|grace| &grace.device).collect::<Vec<_>>(),
        [&first.device]
    );

    clock.by(29 * DAY);
    let stand = stand.restart(clock.clone()).await;
    assert_eq!(macs(&stand).await.len(), 1, "a day is left");
    assert_eq!(ledger(&stand, Act::Ended).await.len(), 0);
    clock.by(DAY);
    stand.portal.wake.ring();
    until("the app is over on the Mac", async || {
        macs(&stand).await.is_empty()
    })
    .await;
    let ended = ledger(&stand, Act::Ended).await;
    assert_eq!(
        ended
            .iter()
            .map(|line| (&line.holder, line.at))
            .collect::<Vec<_>>(),
        [(&Holder::Device(first.serial.clone()), first.ends_at)]
    );
}

/// Recipients with the bodies of their mails.
async fn mails(stand: &Stand) -> Vec<(String, String)> {
    let mails = "SELECT recipient, body FROM mails WHERE about LIKE 'withdrawn/%' ORDER BY number";
    stand.folder.raw().await.pairs(mails).await
}

#[tokio::test(flavor = "multi_thread")]
async fn r5_whoever_loses_an_app_is_told_once_and_nobody_who_has_it_again() {
    let mut shop = Shop::open(4, 10).await;
    let ids = shop.ids(0..4);
    let devices: Vec<_> = shop.devices.iter().map(|device| device.id.clone()).collect();
    shop.person("anna", &devices[0..2]).await;
    shop.person("bo", &devices[2..3]).await;
    shop.run("UPDATE people SET email = id || '@skola.example'".to_owned())
        .await;
    shop.group("all", 1, ids).await;
    shop.assign("all", REQUIRED).await;
    shop.holds("all have it", shop.serials(0..4)).await;
    let Shop {
        stand, app, devices, ..
    } = shop;
    let clock = Arc::new(Ahead::default());
    let settings = server::mail::MailSettings {
        url: "smtp://127.0.0.1:9".to_owned().into(),
        from: "Apps <apps@skola.example>".to_owned(),
        language: app::i18n::Locale::En,
        first_pause: std::time::Duration::from_secs(60),
    };
    let stand = stand.restart_with(clock.clone(), Some(settings)).await;
    until("it is known from where on people are told", async || {
        stand
            .portal
            .db
            .setting("withdrawals_told")
            .await
            .unwrap()
            .is_some()
    })
    .await;
    let change = contract::assignments::Change::Remove {
        asset: app,
        group: "all".into(),
    };
    let plan = stand.portal.plan_change(&stand.owner, change).await.unwrap();
    stand
        .portal
        .apply_change(&stand.owner, &plan, false)
        .await
        .unwrap();
    until("all four have lost it", async || {
        ledger(&stand, Act::Released).await.len() == 4
    })
    .await;
    assert_eq!(mails(&stand).await, [], "not at once");
    let again = stand.assign(vec![app], &[devices[2].serial.to_string()]).await;
    stand.done(&again).await;
    clock.by(11 * 60 * 1000);
    until("somebody is told", async || !mails(&stand).await.is_empty()).await;
    clock.by(DAY);
    until("everything was looked at", async || {
        let now = stand.portal.clock.now();
        stand
            .portal
            .db
            .withdrawals(now - DAY, now)
            .await
            .unwrap()
            .is_none()
    })
    .await;
    let told = mails(&stand).await;
    assert_eq!(
        told.len(),
        1,
        "bo has it again, and the fourth device is nobody's"
    );
    let (recipient, body) = &told[0];
    assert_eq!(recipient, "anna@skola.example");
    let lines: Vec<_> = body.lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(lines.len(), 2, "one for each device: {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_of_decisions_at_the_same_moment_one_counts() {
    let mut shop = Shop::open(4, 10).await;
    let ids = shop.ids(0..4);
    shop.group("all", 1, ids).await;
    shop.assign("all", REQUIRED).await;
    shop.holds("all have it", shop.serials(0..4)).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let now = portal.clock.now();
    for device in &shop.devices {
        portal.db.note_seen(&device.id, now - 31 * DAY).await.unwrap();
    }
    let unseen = rule(RuleKind::Unseen, RuleMode::Review);
    portal.save_rule(owner, unseen).await.unwrap();
    until("four wait for review", async || {
        queue(&shop.stand).await.len() == 4
    })
    .await;
    let before = portal.db.audit(100).await.unwrap().len();
    let decide = |how| {
        let scope = ReclaimScope::Matching(ReclaimQuery::default());
        Reclaim::decide(portal, owner, Decision { how, scope }, "", 0)
    };
    let (a, b, c, d) = tokio::join!(
        decide(Decided::Approve),
        decide(Decided::Approve),
        decide(Decided::Keep),
        decide(Decided::Approve)
    );
    let all = [a, b, c, d];
    let late: Vec<_> = all.iter().filter_map(|done| done.as_ref().err()).collect();
    assert_eq!(late.len(), 3, "{all:?}");
    let meant = [Code::ChangedMeanwhile, Code::NothingChosen];
    assert!(late.iter().all(|fault| meant.contains(&fault.code)), "{late:?}");
    let lines = portal.db.audit(100).await.unwrap();
    assert_eq!(lines.len(), before + 1, "{lines:?}");
    assert_eq!(lines[0].action, "reclaim.decide");
    let report = portal.report(owner).await.unwrap();
    assert_eq!(report[0].taken + report[0].kept, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn r3_days_have_bounds_whatever_a_rule_looks_at() {
    let shop = Shop::open(1, 1).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    for kind in RuleKind::ALL {
        for days in [i64::MAX, i64::MIN, 0] {
            let own = ReclaimRule {
                days,
                ..rule(kind, RuleMode::Review)
            };
            let previewed = portal.preview_rule(owner, own).await;
            let saved = portal.save_rule(owner, own).await;
            assert_eq!(
                (previewed.is_ok(), saved.is_ok()),
                (!kind.has_days(), !kind.has_days()),
                "{own:?}"
            );
        }
    }
    let admin = Visitor::signed_in_as(&shop.stand, Role::Administrator).await;
    for kind in ["gone", "unseen"] {
        let page = admin
            .get(&format!("/reclaim/rule?kind={kind}&days={}", i64::MIN))
            .await;
        assert!(!page.status().is_server_error(), "{kind}: {}", page.status());
    }
    let rules = Reclaim::rules(portal, owner).await.unwrap();
    assert!(
        rules
            .iter()
            .all(|rule| (1..=ReclaimRule::LONGEST).contains(&rule.days))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn z3_the_audit_names_the_devices_that_are_protected() {
    let shop = Shop::open(1, 1).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let serial = shop.devices[0].serial.to_string();
    portal.protect(owner, &serial, "on a ship").await.unwrap();
    let line = portal.db.audit(1).await.unwrap().remove(0);
    assert!(line.details.to_string().contains(&serial), "{}", line.details);
}
