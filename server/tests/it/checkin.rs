//! The check-in page (P1, P2, P4), as a phone without scripts sees it.

use crate::{
    stand::{Ahead, PASSWORD, PATIENCE, Stand, account, until},
    web::Visitor,
};
use contract::{
    Caller, Code, DAY, DeviceId, HOUR, Role,
    activity::{Activity, OperationQuery},
    assignments::{
        AssignmentForm, AssignmentSettings, Change, GroupAssignments, Intent, LicenseKind, Priority,
        Shortage, Target,
    },
    catalog::Catalog,
    checkin::{EnrolmentLink, RequestQuery, RequestRow, Requests},
    devices::{DeviceForm, DeviceQuery, Devices},
    groups::{GroupKind, GroupQuery, Groups},
    licenses::{Errand, Licenses, Revocation, RevocationForm},
    people::{People, PersonForm},
};
use reqwest::{StatusCode, header};
use sandbox::{Organisation, Purchase};
use std::sync::Arc;

async fn stand() -> Stand {
    let stand = Stand::start(Organisation {
        apps: 3,
        devices: 4,
        assignments: 0,
        spare: Some(2),
        ..Organisation::default()
    })
    .await;
    stand.create_token().await;
    stand
}

async fn devices(stand: &Stand) -> Vec<contract::devices::DeviceRow> {
    let list = Devices::list(&stand.portal, &stand.owner, DeviceQuery::default()).await;
    list.unwrap().rows
}

/// A phone that has opened its link.
pub async fn checked_in(stand: &Stand, device: &DeviceId) -> Visitor {
    let link = stand.portal.enrolment_link(&stand.owner, device).await.unwrap();
    let phone = Visitor::new(stand);
    let secret = link.link.rsplit('/').next().unwrap();
    let opened = phone.call("checkin/open", &[("secret", secret)]).await;
    assert_eq!(opened.status(), StatusCode::OK);
    phone
}

async fn open_requests(stand: &Stand, caller: &Caller) -> Vec<RequestRow> {
    let list = Requests::list(&stand.portal, caller, RequestQuery::default()).await;
    list.unwrap().rows
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_link_opens_its_own_device_once() {
    let stand = stand().await;
    let devices = devices(&stand).await;
    let link = stand
        .portal
        .enrolment_link(&stand.owner, &devices[0].id)
        .await
        .unwrap();
    assert!(
        link.modules >= 21 && link.code.starts_with("M0 0h1v1h-1z"),
        "a QR code"
    );
    let phone = Visitor::new(&stand);
    // Looking at a link, as a messenger's preview does, leaves it as it is.
    for _ in 0..2 {
        let seen = phone.get(&link.link).await;
        assert_eq!(seen.status(), StatusCode::OK);
        assert!(seen.text().await.unwrap().contains(&devices[0].name));
    }
    let secret = link.link.rsplit('/').next().unwrap();
    let opened = phone.call("checkin/open", &[("secret", secret)]).await;
    assert_eq!(opened.status(), StatusCode::OK);
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains(devices[0].serial.as_str()));
    for other in &devices[1..] {
        assert!(!page.contains(other.serial.as_str()), "another device's data");
    }

    let thief = Visitor::new(&stand);
    assert_eq!(thief.get(&link.link).await.status(), StatusCode::GONE);
    let used = thief.call("checkin/open", &[("secret", secret)]).await;
    assert_eq!(used.status(), StatusCode::GONE);
    let forged = thief
        .get("/checkin/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .await;
    assert_eq!(forged.status(), StatusCode::GONE);
    assert!(
        forged.text().await.unwrap().contains("check-in link"),
        "a friendly refusal"
    );
    let page = thief.get("/checkin").await.text().await.unwrap();
    assert!(!page.contains(devices[0].serial.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_newer_link_ends_the_older_and_only_those_who_may_make_one() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(0).id;
    let old = stand.portal.enrolment_link(&stand.owner, &device).await.unwrap();
    stand.portal.enrolment_link(&stand.owner, &device).await.unwrap();
    let phone = Visitor::new(&stand);
    assert_eq!(phone.get(&old.link).await.status(), StatusCode::GONE);
    let reader = account(&stand.portal, "reader@harbour.example".to_owned(), Role::ReadOnly).await;
    let refused = stand.portal.enrolment_link(&reader, &device).await.unwrap_err();
    assert_eq!(refused.code, Code::NotAllowed);
    let unknown = stand
        .portal
        .enrolment_link(&stand.owner, &"nobody".into())
        .await
        .unwrap_err();
    assert_eq!(unknown.code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_no_code_is_made_of_what_leads_elsewhere() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(0).id;
    let link = stand.portal.enrolment_link(&stand.owner, &device).await.unwrap();
    for other in ["@evil.example/checkin/x", ".evil.example/", "/", ""] {
        let elsewhere = EnrolmentLink {
            link: other.to_owned(),
            ..link.clone()
        };
        let refused = stand.portal.with_code(&stand.owner, elsewhere).await.unwrap_err();
        assert_eq!(refused.code, Code::RequestInvalid, "{other}");
    }
    let again = stand.portal.with_code(&stand.owner, link.clone()).await.unwrap();
    assert_eq!(again, link);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_may_do_nothing_in_the_portal_and_nobody_else_is_a_device() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(0);
    let phone = checked_in(&stand, &device.id).await;
    assert_eq!(phone.get("/devices").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(phone.get("/events").await.status(), StatusCode::UNAUTHORIZED);
    let list = phone.call("session/me", &[]).await.text().await.unwrap();
    assert!(list.contains("\"caller\":null"));
    let stranger = Visitor::new(&stand);
    for (call, form) in [
        ("checkin/find", [("text", "")]),
        ("checkin/choose", [("device", device.id.as_str())]),
    ] {
        assert_eq!(
            stranger.call(call, &form).await.status(),
            StatusCode::UNAUTHORIZED,
            "{call}"
        );
    }
    assert_eq!(
        stranger.get("/checkin/events").await.status(),
        StatusCode::UNAUTHORIZED
    );
    phone.call("checkin/leave", &[]).await;
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(!page.contains(device.serial.as_str()), "it has left");
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_whoever_opens_guessed_links_page_by_page_has_to_wait() {
    let stand = stand().await;
    let guesser = Visitor::new(&stand);
    for page in ["checkin", "welcome"] {
        let mut guess = 0;
        let mut open = async || {
            guess += 1;
            guesser.get(&format!("/{page}/guess{guess}")).await.status()
        };
        // Ten, and those that are regained meanwhile.
        let mut wrong = 0;
        while open().await == StatusCode::GONE {
            wrong += 1;
            assert!(wrong < 20, "{page}");
        }
        for _ in 0..10 {
            assert_eq!(open().await, StatusCode::TOO_MANY_REQUESTS, "{page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_an_open_page_hears_that_its_browser_is_the_device_s_no_more() {
    let stand = stand().await;
    let devices = devices(&stand).await;
    let (portal, owner) = (&stand.portal, &stand.owner);
    let mut open = Vec::new();
    for device in &devices[..2] {
        let phone = checked_in(&stand, &device.id).await;
        let events = phone.client.get(format!("{}/checkin/events", phone.origin));
        let mut events = events.send().await.unwrap();
        assert!(events.chunk().await.unwrap().is_some());
        open.push((phone, events));
    }
    Devices::sign_out(portal, owner, &devices[0].id).await.unwrap();
    Devices::set_gone(portal, owner, &devices[1].id, true)
        .await
        .unwrap();
    for ((phone, mut events), device) in open.into_iter().zip(&devices) {
        let rest = async {
            let mut told = String::new();
            while let Some(chunk) = events.chunk().await.unwrap() {
                told += &String::from_utf8_lossy(&chunk);
            }
            told
        };
        let told = tokio::time::timeout(PATIENCE, rest).await.unwrap();
        assert!(told.contains("missed"), "{told}");
        let page = phone.get("/checkin").await.text().await.unwrap();
        assert!(!page.contains(device.serial.as_str()));
        let again = phone.get("/checkin/events").await.status();
        assert_eq!(again, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_no_link_is_made_for_a_device_that_is_gone() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(0).id;
    let visitor = Visitor::signed_in_as(&stand, Role::Owner).await;
    let (detail, enrol) = (format!("/devices/{device}"), format!("/devices/{device}/enrol"));
    let text = async |path: &str| visitor.get(path).await.text().await.unwrap();
    assert!(
        text(&detail).await.contains(&enrol) && text(&enrol).await.contains("/api/requests/enrolment-link")
    );
    Devices::set_gone(&stand.portal, &stand.owner, &device, true)
        .await
        .unwrap();
    let refused = stand.portal.enrolment_link(&stand.owner, &device).await;
    assert_eq!(refused.unwrap_err().code, Code::DeviceGone);
    assert!(!text(&detail).await.contains(&enrol));
    let page = text(&enrol).await;
    assert!(page.contains("device_gone") && !page.contains("/api/requests/enrolment-link"));
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_what_is_asked_for_is_given_when_it_is_approved() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(0);
    let app = stand.apps().await.remove(0);
    let phone = checked_in(&stand, &device.id).await;
    let asset = app.id.to_string();
    let silent = phone
        .call("checkin/ask", &[("asset", &asset), ("reason", " ")])
        .await;
    assert_eq!(silent.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let asked = phone
        .call("checkin/ask", &[("asset", &asset), ("reason", "for the choir")])
        .await;
    assert_eq!(asked.status(), StatusCode::OK);
    let twice = phone
        .call("checkin/ask", &[("asset", &asset), ("reason", "please")])
        .await;
    assert_eq!(twice.status(), StatusCode::CONFLICT);

    let open = open_requests(&stand, &stand.owner).await;
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].reason.as_str(), &open[0].serial),
        ("for the choir", &device.serial)
    );
    let reader = account(&stand.portal, "reader@harbour.example".to_owned(), Role::ReadOnly).await;
    let refused = stand.portal.approve(&reader, &open[0].id).await.unwrap_err();
    assert_eq!(refused.code, Code::NotAllowed);
    let operation = stand.portal.approve(&stand.owner, &open[0].id).await.unwrap();
    let line = stand.portal.db.audit(1).await.unwrap().remove(0);
    assert_eq!(
        (line.action.as_str(), line.object.as_str()),
        ("requests.approve", open[0].id.as_str())
    );
    assert!(
        line.details
            .to_string()
            .contains(operation.as_ref().unwrap().as_str()),
        "Z3: {}",
        line.details
    );
    let operation = operation.expect("it had none");
    let late = stand
        .portal
        .refuse(&stand.owner, &open[0].id, "no")
        .await
        .unwrap_err();
    assert_eq!(late.code, Code::RequestAnswered);
    until("Apple has given it", async || {
        let row = Activity::detail(&stand.portal, &stand.owner, &operation)
            .await
            .unwrap();
        row.done == 1
    })
    .await;
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains(&app.name) && page.contains("Licensed") && page.contains("Approved"));
    assert!(page.contains("No MDM is attached to install it"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_or_taken_by_hand_overtakes_what_the_device_was_to_do() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(0);
    let asset = stand.apps().await.remove(0).id;
    let wanted = async || {
        let errands = stand.portal.db.device_errands(&device.serial).await.unwrap();
        errands.iter().map(|errand| errand.errand).collect::<Vec<_>>()
    };
    let uninstall = format!("INSERT INTO errands VALUES ({asset}, '{}', 1, 0)", device.id);
    stand.folder.raw().await.run(uninstall).await;
    assert_eq!(wanted().await, [Errand::Uninstall]);
    let given = stand.assign(vec![asset], &[device.serial.to_string()]).await;
    assert_eq!(wanted().await, [], "it is given again");
    stand.done(&given).await;
    let install = format!("INSERT INTO errands VALUES ({asset}, '{}', 0, 0)", device.id);
    stand.folder.raw().await.run(install).await;
    let form = RevocationForm::of(Revocation::Asset { asset });
    Licenses::revoke(&stand.portal, &stand.owner, form).await.unwrap();
    assert_eq!(wanted().await, [], "it is taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_what_is_approved_while_none_is_left_is_wanted_once_it_is_bought() {
    let stand = stand().await;
    let mut all = devices(&stand).await;
    let device = all.pop().unwrap();
    let app = stand.apps().await.remove(0);
    let others: Vec<String> = all.iter().map(|other| other.serial.to_string()).collect();
    let taken = stand.assign(vec![app.id], &others[..2]).await;
    stand.done(&taken).await;
    let phone = checked_in(&stand, &device.id).await;
    let asset = app.id.to_string();
    phone
        .call("checkin/ask", &[("asset", &asset), ("reason", "for the choir")])
        .await;
    let open = open_requests(&stand, &stand.owner).await.remove(0);
    stand.portal.approve(&stand.owner, &open.id).await.unwrap();
    let adam_id = Catalog::detail(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap()
        .adam_id;
    let purchase = Purchase::of(adam_id, 1);
    stand.sandbox.control().buy(&stand.uid(), &purchase).unwrap();
    until("it is given, and wanted on the device", async || {
        let page = phone.get("/checkin").await.text().await.unwrap();
        page.contains("Licensed") && page.contains("No MDM is attached to install it")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_of_answers_at_the_same_moment_one_counts() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(0);
    let asset = stand.apps().await.remove(0).id.to_string();
    let phone = checked_in(&stand, &device.id).await;
    phone
        .call("checkin/ask", &[("asset", &asset), ("reason", "for the choir")])
        .await;
    let open = open_requests(&stand, &stand.owner).await.remove(0);
    let approve = || stand.portal.approve(&stand.owner, &open.id);
    let (one, other, no) = tokio::join!(
        approve(),
        approve(),
        stand.portal.refuse(&stand.owner, &open.id, "no")
    );
    let late = Code::RequestAnswered;
    let codes: Vec<Code> = [one.as_ref().err(), other.as_ref().err(), no.as_ref().err()]
        .into_iter()
        .flatten()
        .map(|fault| fault.code)
        .collect();
    assert_eq!(codes, [late, late]);
    let all = Activity::list(&stand.portal, &stand.owner, OperationQuery::default());
    let operations = all.await.unwrap().rows.len();
    assert_eq!(operations, usize::from(no.is_err()), "given once, or refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_what_was_given_in_the_meantime_is_approved_without_another_operation() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(0);
    let app = stand.apps().await.remove(0);
    let phone = checked_in(&stand, &device.id).await;
    let asset = app.id.to_string();
    phone
        .call("checkin/ask", &[("asset", &asset), ("reason", "for the choir")])
        .await;
    let given = stand.assign(vec![app.id], &[device.serial.to_string()]).await;
    stand.done(&given).await;
    let open = open_requests(&stand, &stand.owner).await;
    let operation = stand.portal.approve(&stand.owner, &open[0].id).await.unwrap();
    assert_eq!(operation, None);
    assert!(open_requests(&stand, &stand.owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_refusal_says_why() {
    let stand = stand().await;
    let device = devices(&stand).await.remove(1);
    let asset = stand.apps().await.remove(0).id.to_string();
    let phone = checked_in(&stand, &device.id).await;
    phone
        .call("checkin/ask", &[("asset", &asset), ("reason", "games")])
        .await;
    let open = open_requests(&stand, &stand.owner).await;
    stand
        .portal
        .refuse(&stand.owner, &open[0].id, "Not in school <b>time</b>")
        .await
        .unwrap();
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains("Not in school &lt;b&gt;time"), "shown as text");
    assert!(open_requests(&stand, &stand.owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_what_is_available_is_taken_by_whom_it_is_offered_to() {
    let stand = stand().await;
    let person = PersonForm {
        name: "Berit Berg".to_owned(),
        user_name: "berg".to_owned(),
        ..PersonForm::default()
    };
    People::add(&stand.portal, &stand.owner, person).await.unwrap();
    let form = DeviceForm {
        name: "Berg's iPad".to_owned(),
        serial: "C02Y402HLCM6".to_owned(),
        user_name: "Berg".to_owned(),
        ..DeviceForm::default()
    };
    let own = Devices::add(&stand.portal, &stand.owner, form).await.unwrap();
    let groups = Groups::list(&stand.portal, &stand.owner, GroupQuery::default())
        .await
        .unwrap();
    let everybody = groups
        .rows
        .iter()
        .find(|group| group.kind == GroupKind::People)
        .unwrap();
    let app = stand.apps().await.remove(0);
    let change = Change::Save {
        asset: app.id,
        form: AssignmentForm {
            group: everybody.id.clone(),
            target: Target::Include {
                intent: Intent::Available,
                kind: LicenseKind::Device,
            },
            settings: AssignmentSettings::default(),
            priority: Priority::Normal,
            shortage: Shortage::Wait,
            reserved: 0,
        },
    };
    let plan = stand.portal.plan_change(&stand.owner, change).await.unwrap();
    stand
        .portal
        .apply_change(&stand.owner, &plan, false)
        .await
        .unwrap();

    let asset = app.id.to_string();
    let stranger = devices(&stand)
        .await
        .into_iter()
        .find(|row| row.user_name.is_empty());
    let other = checked_in(&stand, &stranger.unwrap().id).await;
    let page = other.get("/checkin").await.text().await.unwrap();
    assert!(!page.contains("Get it"), "not offered to this one");
    let refused = other.call("checkin/take", &[("asset", &asset)]).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);

    let phone = checked_in(&stand, &own).await;
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains("Get it") && page.contains(&app.name));
    let taken = phone.call("checkin/take", &[("asset", &asset)]).await;
    assert_eq!(taken.status(), StatusCode::OK);
    until("Apple has given it", async || {
        let page = phone.get("/checkin").await.text().await.unwrap();
        page.contains("Licensed") && !page.contains("Get it")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_browser_stays_the_device_s_whoever_signs_in_and_out_in_it() {
    let clock = Arc::new(Ahead::default());
    let stand = stand().await.restart(clock.clone()).await;
    let device = devices(&stand).await.remove(0);
    let phone = checked_in(&stand, &device.id).await;
    let helper = account(&stand.portal, "helper@harbour.example".to_owned(), Role::HelpDesk).await;
    let form = [("email", helper.email.as_str()), ("password", PASSWORD)];
    let is_the_device = async |phone: &Visitor| {
        let page = phone.get("/checkin").await.text().await.unwrap();
        page.contains(device.serial.as_str())
    };
    let sign_in = async || {
        assert_eq!(
            phone.call("session/sign-in", &form).await.status(),
            StatusCode::OK
        );
        assert_eq!(phone.get("/tokens").await.status(), StatusCode::OK);
    };
    sign_in().await;
    assert!(is_the_device(&phone).await);
    phone.call("session/sign-out", &[]).await;
    assert_eq!(phone.get("/tokens").await.status(), StatusCode::SEE_OTHER);
    assert!(is_the_device(&phone).await, "after signing out");
    // The device's browser lasts; who is signed in there does not.
    sign_in().await;
    clock.by(13 * HOUR);
    assert_eq!(phone.get("/tokens").await.status(), StatusCode::SEE_OTHER);
    assert!(is_the_device(&phone).await, "after half a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn p1_a_visit_puts_the_end_of_a_device_s_browser_off_once_a_day() {
    let clock = Arc::new(Ahead::default());
    let stand = stand().await.restart(clock.clone()).await;
    let device = devices(&stand).await.remove(0);
    let phone = checked_in(&stand, &device.id).await;
    assert_eq!(phone.get("/checkin").await.status(), StatusCode::OK);
    let mut raw = stand.folder.raw().await;
    let mut end = async || raw.number("SELECT max(expires_at) FROM sessions").await;
    let first = end().await;
    phone.get("/checkin").await;
    assert_eq!(end().await, first, "nothing is written at each visit");
    clock.by(2 * DAY);
    let answer = phone.get("/checkin").await;
    assert!(answer.headers().contains_key(header::SET_COOKIE));
    assert!(end().await > first);
}
