//! A6: whatever led to what somebody has, or has not, is told; L2: and the ledger says it too.

use crate::{
    checkin_apps::device,
    keep::give,
    shop::{REQUIRED, Shop},
    stand::until,
    users::School,
};
use contract::{
    assignments::{
        AssignmentForm, AssignmentSettings, Assignments, Change, DeviceSelection, Explained, Explanation,
        GroupAssignments, Intent, LicenseKind, PlanRequest, Priority, Prompts, Reason, Shortage, Target,
        Verdict, Wanted,
    },
    devices::{Enrolment, Platform},
    licenses::{Act, LedgerQuery, LicenseQuery, LicenseState, Licenses, Origin},
    users::{AppleAccount, Users},
};
use std::collections::BTreeSet;

const BY_USER: Target = Target::Include {
    intent: Intent::Required,
    kind: LicenseKind::User,
};

async fn explained(shop: &Shop, holder: &str) -> Explanation {
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    portal.explain(owner, shop.app, holder).await.unwrap()
}

async fn of_device(shop: &Shop, device: usize) -> Explanation {
    explained(shop, shop.devices[device].serial.as_str()).await
}

async fn remove(shop: &Shop, group: &str) {
    let change = Change::Remove {
        asset: shop.app,
        group: group.into(),
    };
    let plan = shop.plan(change).await.unwrap();
    shop.apply(&plan).await;
}

/// Serial numbers with the reasons of this act's lines, in the order of the devices.
async fn reasons(shop: &Shop, act: Act) -> Vec<String> {
    let mut reasons = Vec::new();
    for device in &shop.devices {
        let query = LedgerQuery {
            asset: Some(shop.app),
            act: Some(act),
            holder: device.serial.to_string(),
            ..LedgerQuery::default()
        };
        let page = Licenses::ledger(&shop.stand.portal, &shop.stand.owner, query).await;
        let lines = page.unwrap().rows.into_iter();
        reasons.push(lines.map(|line| line.reason).collect::<Vec<_>>().join(" / "));
    }
    reasons
}

#[tokio::test(flavor = "multi_thread")]
async fn a9_a_device_that_its_persons_licence_covers_is_told_that_licences_kind_and_prompts() {
    let mut shop = Shop::open(2, 2).await;
    shop.person("anna", &[]).await;
    give(&shop, 0, "anna").await;
    give(&shop, 1, "anna").await;
    shop.group("people", 0, ["anna".to_owned()]).await;
    shop.assign("people", BY_USER).await;
    until("Anna has it", async || {
        explained(&shop, "anna").await.state == Some(LicenseState::Held)
    })
    .await;
    let told = of_device(&shop, 0).await;
    assert_eq!(
        (told.kind, told.verdict, told.state),
        (LicenseKind::User, Some(Verdict::Has), Some(LicenseState::Held))
    );
    let by = Explained::ByPerson {
        user_name: "anna".into(),
    };
    assert!(told.steps.contains(&by), "{:?}", told.steps);
    assert!(matches!(
        told.prompts,
        Some(Prompts::Asked {
            apple_account: true,
            ..
        })
    ));
    let wanted = Wanted {
        installs: 1,
        uninstalls: 0,
    };
    assert_eq!(told.wanted, wanted);
    let person = explained(&shop, "anna").await;
    assert_eq!(person.wanted.installs, 2, "on both devices");
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_a_person_is_told_of_the_licences_of_the_own_devices_and_of_their_prompts() {
    let mut shop = Shop::open(3, 3).await;
    let own = shop.devices[0].id.clone();
    shop.run(format!(
        "UPDATE devices SET supervised = true, ownership = 'corporate', kiosk = false, enrolment = 'device',
             platform = 'ipados' WHERE id = '{own}'"
    ))
    .await;
    shop.person("anna", &[own]).await;
    shop.group("people", 0, ["anna".to_owned()]).await;
    shop.assign("people", REQUIRED).await;
    shop.holds("her iPad has it", shop.serials(0..1)).await;
    let nothing = Prompts::Asked {
        invitation: false,
        install: false,
        apple_account: false,
    };
    let by_device = |device: usize, verdict, state| Explained::ByDevice {
        serial: shop.devices[device].serial.to_string(),
        verdict: Some(verdict),
        state: Some(state),
    };
    let told = explained(&shop, "anna").await;
    assert_eq!(
        (told.kind, told.verdict, told.state, told.prompts),
        (
            LicenseKind::Device,
            Some(Verdict::Has),
            Some(LicenseState::Held),
            Some(nothing)
        )
    );
    assert!(told.brought.iter().all(|one| one.counts));
    let expected = by_device(0, Verdict::Has, LicenseState::Held);
    assert!(told.steps.contains(&expected), "{:?}", told.steps);

    give(&shop, 1, "anna").await;
    shop.holds("her second device has it too", shop.serials(0..2))
        .await;
    let told = explained(&shop, "anna").await;
    for device in [0, 1] {
        let expected = by_device(device, Verdict::Has, LicenseState::Held);
        assert!(told.steps.contains(&expected), "{:?}", told.steps);
    }
    assert_eq!(told.state, Some(LicenseState::Held), "both alike");

    shop.assign(
        "people",
        Target::Include {
            intent: Intent::Uninstall,
            kind: LicenseKind::Device,
        },
    )
    .await;
    shop.holds("nobody has it", BTreeSet::new()).await;
    let told = explained(&shop, "anna").await;
    assert_eq!(told.prompts, None, "nothing is asked for an uninstall");
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_of_several_accounts_the_one_with_the_licence_counts_and_all_are_told() {
    let school = School::open(5).await;
    let anna = school.person("anna", "anna@managed.example").await;
    device(&school, "C02Y402HLCM6", Enrolment::User, Platform::IPadOs).await;
    let (portal, owner, app) = (&school.stand.portal, &school.stand.owner, school.app.id);
    school.assign(app).await;
    school.held("the managed account", app, 1).await;
    let location = school.user(&anna).await.location;
    Users::add(portal, owner, &anna, &location, AppleAccount::Invited)
        .await
        .unwrap();
    let managed = Explained::Account {
        account: AppleAccount::Managed,
        verdict: Some(Verdict::Has),
        state: Some(LicenseState::Held),
    };
    let invited = |told: &Explanation| {
        told.steps.iter().any(|step| {
            matches!(
                step,
                Explained::Account {
                    account: AppleAccount::Invited,
                    verdict: Some(Verdict::Cannot {
                        reason: Reason::ManagedAccountNeeded
                    }),
                    ..
                }
            )
        })
    };
    until("both accounts are told of", async || {
        let told = portal.explain(owner, app, "anna").await.unwrap();
        (told.kind, told.verdict, told.state)
            == (LicenseKind::User, Some(Verdict::Has), Some(LicenseState::Held))
            && told.steps.contains(&managed)
            && invited(&told)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_a_person_goes_by_the_same_name_whether_an_assignment_is_concerned_or_not() {
    let mut shop = Shop::open(1, 1).await;
    shop.person("anna", &[]).await;
    shop.run("UPDATE people SET name = 'Anna Berg' WHERE id = 'anna'".to_owned())
        .await;
    let unconcerned = explained(&shop, "anna").await;
    shop.group("people", 0, ["anna".to_owned()]).await;
    shop.assign("people", BY_USER).await;
    let concerned = explained(&shop, "anna").await;
    assert!(unconcerned.brought.is_empty() && !concerned.brought.is_empty());
    for told in [unconcerned, concerned] {
        assert_eq!(
            (told.holder_name.as_str(), told.key.as_str()),
            ("Anna Berg", "anna")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_whoever_waits_is_told_what_is_kept_for_others() {
    let mut shop = Shop::open(4, 4).await;
    let all = shop.ids(0..4);
    shop.group("all", 1, all).await;
    shop.group("kept", 1, []).await;
    shop.save(AssignmentForm {
        reserved: 2,
        ..shop.form("kept", REQUIRED)
    })
    .await;
    shop.assign("all", REQUIRED).await;
    shop.holds("two have it", shop.serials(0..2)).await;
    let told = of_device(&shop, 3).await;
    assert_eq!(told.verdict, Some(Verdict::Waits { before: 1 }));
    let kept = Explained::Reserved {
        group_name: "Group kept".into(),
        kept: 2,
    };
    assert!(told.steps.contains(&kept), "{:?}", told.steps);
    assert!(!of_device(&shop, 0).await.steps.contains(&kept), "it has one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_by_hand_or_one_that_stays_says_where_it_comes_from() {
    let mut shop = Shop::open(3, 3).await;
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Chosen {
            devices: vec![shop.devices[0].id.clone()],
        },
    };
    let (portal, owner) = (shop.stand.portal.clone(), shop.stand.owner.clone());
    let plan = portal.plan(&owner, request).await.unwrap();
    Assignments::apply(&portal, &owner, &plan).await.unwrap();
    shop.holds("by hand", shop.serials(0..1)).await;
    let by_hand = |reason: &str| Explained::ByHand {
        by: "Ada".into(),
        reason: reason.into(),
    };
    assert_eq!(of_device(&shop, 0).await.steps, [Explained::Nothing, by_hand("")]);

    let members = shop.ids(1..2);
    shop.group("g", 1, members).await;
    shop.save(AssignmentForm {
        settings: AssignmentSettings {
            keep_licenses: true,
            ..AssignmentSettings::default()
        },
        ..shop.form("g", REQUIRED)
    })
    .await;
    shop.holds("the group's", shop.serials(0..2)).await;
    shop.members("g", []).await;
    let stays = Explained::Stays {
        group_name: "Group g".into(),
    };
    until("nobody is in the group", async || {
        of_device(&shop, 1).await.steps == [Explained::Nothing, stays.clone()]
    })
    .await;
    remove(&shop, "g").await;
    assert_eq!(
        of_device(&shop, 1).await.steps,
        [Explained::Nothing, by_hand("Group g")],
        "by hand from then on"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uninstall_is_wanted_until_it_is_done() {
    let mut shop = Shop::open(2, 2).await;
    shop.person("anna", &[]).await;
    give(&shop, 0, "anna").await;
    let members = shop.ids(0..2);
    shop.group("g", 1, members).await;
    shop.run("UPDATE devices SET platform = 'ios'".into()).await;
    shop.assign("g", REQUIRED).await;
    shop.holds("both have it", shop.serials(0..2)).await;
    remove(&shop, "g").await;
    shop.holds("nobody has it", BTreeSet::new()).await;
    let wanted = Wanted {
        installs: 0,
        uninstalls: 1,
    };
    assert_eq!(of_device(&shop, 0).await.wanted, wanted);
    assert_eq!(
        explained(&shop, "anna").await.wanted,
        wanted,
        "on the person's device"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l2_each_holders_lines_name_the_group_that_decided() {
    let mut shop = Shop::open(4, 1).await;
    let (dev, high) = (shop.ids(0..2), shop.ids(2..4));
    shop.group("dev", 1, dev).await;
    shop.group("high", 1, high).await;
    shop.assign("dev", REQUIRED).await;
    shop.holds("the first has it", shop.serials(0..1)).await;
    shop.save(AssignmentForm {
        priority: Priority::High,
        ..shop.form("high", REQUIRED)
    })
    .await;
    let group = |name: &str| format!("Group {name}");
    assert_eq!(
        reasons(&shop, Act::Queued).await,
        [String::new(), group("dev"), group("high"), group("high")]
    );
    shop.buy(3);
    shop.holds("all have it", shop.serials(0..4)).await;
    assert_eq!(
        reasons(&shop, Act::Held).await,
        [group("dev"), group("dev"), group("high"), group("high")]
    );
    let out = shop.ids(0..1);
    shop.group("out", 1, out).await;
    shop.assign("out", Target::Exclude).await;
    shop.holds("the excluded one lost it", shop.serials(1..4)).await;
    assert_eq!(reasons(&shop, Act::Released).await[0], group("out"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_whoever_failed_gets_what_becomes_free_before_those_who_come_later() {
    let mut shop = Shop::open(4, 1).await;
    let members = shop.ids(1..4);
    shop.group("g", 1, members).await;
    shop.save(AssignmentForm {
        shortage: Shortage::Fail,
        ..shop.form("g", REQUIRED)
    })
    .await;
    shop.holds("one has it", shop.serials(1..2)).await;
    let none_left = Verdict::Cannot {
        reason: Reason::NoneLeft,
    };
    assert_eq!(of_device(&shop, 2).await.verdict, Some(none_left));
    let failed = LicenseQuery {
        state: Some(LicenseState::Failed),
        ..LicenseQuery::default()
    };
    let failed = Licenses::list(&shop.stand.portal, &shop.stand.owner, failed).await;
    let by = Origin::Assignment {
        group_name: "Group g".into(),
    };
    assert!(failed.unwrap().rows.iter().all(|row| row.origin == by));
    let told = reasons(&shop, Act::Failed).await;
    assert_eq!(told, ["", "", "Group g", "Group g"], "L2, once each");
    // Its id comes before all others.
    let all = shop.ids(0..4);
    shop.members("g", all).await;
    until("who came later failed too", async || {
        of_device(&shop, 0).await.state == Some(LicenseState::Failed)
    })
    .await;
    shop.buy(1);
    shop.holds("the first who failed has it", shop.serials(1..3))
        .await;
    assert_eq!(of_device(&shop, 0).await.verdict, Some(none_left));
    let row = shop.rows().await.remove(0);
    assert_eq!((row.licensed, row.waiting, row.failed), (2, 0, 2), "nobody waits");
}
