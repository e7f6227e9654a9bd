//! People on their way into Apple's programme and out of it, and what becomes of their licences and apps meanwhile.

use crate::{
    stand::{until, usual},
    users::{REQUIRED, School, leave},
};
use contract::{
    PersonId,
    assignments::{Change, GroupAssignments},
    devices::{DeviceForm, Devices, Platform},
    people::{People, PersonForm},
    users::UserStatus,
};
use sandbox::Faults;
use store::planning::Errand;

async fn device(school: &School, serial: &str, user: &str, store_blocked: bool) {
    let form = DeviceForm {
        name: serial.into(),
        serial: serial.into(),
        platform: Platform::IPadOs,
        user_name: user.into(),
        store_blocked,
        ..DeviceForm::default()
    };
    Devices::add(&school.stand.portal, &school.stand.owner, form)
        .await
        .unwrap();
}

/// What the person's only device is to do about the school's app.
async fn errand(school: &School) -> Option<Errand> {
    let group = std::slice::from_ref(&school.group);
    let all = [group[0].clone(), "all_devices".into()];
    let data = school
        .stand
        .portal
        .db
        .planning_data(&[school.app.id], &all, None)
        .await
        .unwrap();
    let device = data.devices.iter().position(|device| device.owner.is_some())?;
    let errands = &data.assets[0].errands;
    let found = errands.iter().find(|(at, _)| *at as usize == device)?;
    Some(found.1)
}

async fn change_email(school: &School, person: &PersonId, email: &str) {
    let form = PersonForm {
        name: "anna".into(),
        user_name: "anna".into(),
        email: email.into(),
        ..PersonForm::default()
    };
    People::change(&school.stand.portal, &school.stand.owner, person, form, None)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_whoevers_app_store_is_blocked_is_invited_and_gets_the_licence_after_joining() {
    let school = School::open(5).await;
    device(&school, "BLOCKEDPAD01", "anna", true).await;
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    let invited = school.becomes(&anna, UserStatus::Registered).await;
    assert_eq!(invited.licenses, 0, "not before the invitation is accepted");
    school
        .stand
        .sandbox
        .control()
        .accept_invitation(&invited.invite_code.unwrap(), "anna@icloud.example")
        .unwrap();
    school.held("associated", school.app.id, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_whoever_is_back_while_being_retired_gets_the_licences_again() {
    let school = School::open(5).await;
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    school.held("a licence", school.app.id, 1).await;
    school.becomes(&anna, UserStatus::Registered).await;
    let control = school.stand.sandbox.control();
    control.set_faults(Faults {
        event_latency_ms: 1000,
        ..usual()
    });
    leave(&school, &anna).await;
    until("the retirement is out", async || {
        school.calls("/users/retire") == 1
    })
    .await;
    leave(&school, &anna).await;
    control.set_faults(usual());
    school.held("the licence again", school.app.id, 1).await;
    let back = school.becomes(&anna, UserStatus::Registered).await;
    assert_eq!(back.error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_changes_while_apple_makes_the_person_is_told_afterwards() {
    let school = School::open(5).await;
    let control = school.stand.sandbox.control();
    control.set_faults(Faults {
        event_latency_ms: 1000,
        ..usual()
    });
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    until("the call is out", async || school.calls("/users/create") == 1).await;
    change_email(&school, &anna, "anna@new.example").await;
    control.set_faults(usual());
    until("Apple has the new address", async || {
        let state = control.state(&school.stand.uid()).unwrap();
        let emails: Vec<_> = state.users.iter().filter_map(|user| user.email.clone()).collect();
        emails == ["anna@new.example"]
    })
    .await;
    school.held("and she her licence", school.app.id, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_the_app_goes_from_the_devices_with_the_persons_licence() {
    let school = School::open(5).await;
    device(&school, "ANNASPAD0001", "anna", false).await;
    school.person("anna", "").await;
    school.assign(school.app.id).await;
    school.held("a licence", school.app.id, 1).await;
    assert_eq!(errand(&school).await, Some(Errand::Install));
    let change = Change::Remove {
        asset: school.app.id,
        group: school.group.clone(),
    };
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let plan = portal.plan_change(owner, change).await.unwrap();
    let view = school.view(&plan).await;
    assert_eq!((view.counts.loses, view.counts.uninstalls), (1, 1));
    school.apply(&plan, false).await.unwrap();
    school.held("it is free", school.app.id, 0).await;
    assert_eq!(errand(&school).await, Some(Errand::Uninstall));
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_the_app_goes_from_the_devices_of_whoever_leaves_and_comes_back_with_them() {
    let school = School::open(5).await;
    device(&school, "ANNASPAD0001", "anna", false).await;
    let anna = school.person("anna", "").await;
    let plan = school.plan(school.app.id, REQUIRED).await;
    school.apply(&plan, false).await.unwrap();
    school.held("a licence", school.app.id, 1).await;
    leave(&school, &anna).await;
    school.becomes(&anna, UserStatus::Retired).await;
    assert_eq!(errand(&school).await, Some(Errand::Uninstall));
    leave(&school, &anna).await;
    school.held("she is back", school.app.id, 1).await;
    until("the app is to be installed", async || {
        errand(&school).await == Some(Errand::Install)
    })
    .await;
}
