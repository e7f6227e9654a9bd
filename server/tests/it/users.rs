//! User licences against the stand-in Apple: people are registered, invited, given licences, and retired when they leave.

use crate::{
    checkin::checked_in,
    stand::{Ahead, PATIENCE, Stand, apple_says, engine, form, until, usual},
    web::Visitor,
};
use contract::{
    AssetId, Code, Fault, GroupId, OperationId, PersonId, PlanId, Role,
    activity::{Activity, ItemState, OperationQuery},
    assignments::{
        AssignmentForm, AssignmentSettings, Change, ChangeView, GroupAssignments, Intent, LicenseKind,
        Priority, Shortage, Target,
    },
    catalog::{AssetQuery, AssetRow, Catalog, ProductType},
    devices::{DeviceForm, DeviceQuery, Devices},
    groups::{GroupForm, GroupKind, Groups},
    licenses::{
        Act, Holder, LedgerQuery, LicenseQuery, LicenseRow, LicenseState, Licenses, Revocation,
        RevocationForm,
    },
    live::LiveEvent,
    people::{People, PersonForm},
    tokens::{NotificationState, TokenState, Tokens},
    users::{AppleAccount, Telling, ToldQuery, UserStatus, Users},
};
use reqwest::StatusCode;
use sandbox::{Faults, Organisation, RandomFault, RandomFaults, UserStatus as AtApple};
use server::{engine::EngineSettings, start::Start};
use std::{collections::BTreeMap, sync::Arc};
use store::users::StoredUser;

pub const REQUIRED: Target = Target::Include {
    intent: Intent::Required,
    kind: LicenseKind::User,
};

/// A stand with apps and books that nobody has yet, and a group of people.
pub struct School {
    pub stand: Stand,
    pub group: GroupId,
    pub app: AssetRow,
}

impl School {
    pub async fn open(licences: u32) -> Self {
        Self::open_on(Stand::start(Self::organisation(licences)).await).await
    }

    pub fn organisation(licences: u32) -> Organisation {
        Organisation {
            apps: 3,
            books: 2,
            devices: 2,
            users: 0,
            assignments: 0,
            spare: Some(licences),
            unlimited_app: false,
            ..Organisation::default()
        }
    }

    pub async fn open_on(stand: Stand) -> Self {
        let token = stand.create_token().await;
        until("Apple sends notifications", async || {
            let detail = Tokens::detail(&stand.portal, &stand.owner, &token).await.unwrap();
            matches!(detail.notifications, NotificationState::Active { .. })
        })
        .await;
        Self::open_with(stand).await
    }

    /// On a stand that has its token.
    pub async fn open_with(stand: Stand) -> Self {
        let form = GroupForm {
            name: "Readers".into(),
            kind: GroupKind::People,
            ..GroupForm::default()
        };
        let (group, _) = Groups::add(&stand.portal, &stand.owner, form).await.unwrap();
        let app = first(&stand, ProductType::App).await;
        Self { group, app, stand }
    }

    /// A person in the group.
    pub async fn person(&self, name: &str, managed: &str) -> PersonId {
        let form = PersonForm {
            name: name.into(),
            user_name: name.into(),
            email: format!("{name}@skola.example"),
            managed_apple_account: managed.into(),
            ..PersonForm::default()
        };
        let id = People::add(&self.stand.portal, &self.stand.owner, form)
            .await
            .unwrap();
        Groups::add_members(&self.stand.portal, &self.stand.owner, &self.group, name)
            .await
            .unwrap();
        id
    }

    pub fn form(&self, target: Target) -> AssignmentForm {
        AssignmentForm {
            group: self.group.clone(),
            target,
            settings: AssignmentSettings::default(),
            priority: Priority::Normal,
            shortage: Shortage::Wait,
            reserved: 0,
        }
    }

    pub async fn plan(&self, asset: AssetId, target: Target) -> PlanId {
        let change = Change::Save {
            asset,
            form: self.form(target),
        };
        self.stand
            .portal
            .plan_change(&self.stand.owner, change)
            .await
            .unwrap()
    }

    pub async fn view(&self, plan: &PlanId) -> ChangeView {
        self.stand
            .portal
            .change_view(&self.stand.owner, plan)
            .await
            .unwrap()
    }

    pub async fn apply(&self, plan: &PlanId, confirmed: bool) -> Result<Option<OperationId>, Fault> {
        self.stand
            .portal
            .apply_change(&self.stand.owner, plan, confirmed)
            .await
    }

    pub async fn assign(&self, asset: AssetId) {
        let plan = self.plan(asset, REQUIRED).await;
        self.apply(&plan, true).await.unwrap();
    }

    /// The person's users, as they are stored.
    pub async fn users(&self, person: &PersonId) -> Vec<StoredUser> {
        self.stand.portal.db.users_of(person).await.unwrap()
    }

    /// The only one.
    pub async fn user(&self, person: &PersonId) -> StoredUser {
        let mut users = self.users(person).await;
        assert_eq!(users.len(), 1);
        users.remove(0)
    }

    pub async fn becomes(&self, person: &PersonId, status: UserStatus) -> StoredUser {
        until("the person's user has that status", async || {
            let users = self.users(person).await;
            users.len() == 1 && users[0].status == status && !users[0].busy
        })
        .await;
        self.user(person).await
    }

    pub async fn licenses(&self, asset: AssetId) -> Vec<LicenseRow> {
        let mut query = LicenseQuery {
            asset: Some(asset),
            ..LicenseQuery::default()
        };
        query.page.rows = Some(100);
        Licenses::list(&self.stand.portal, &self.stand.owner, query)
            .await
            .unwrap()
            .rows
    }

    /// So many user licences are held, here and at Apple.
    pub async fn held(&self, what: &str, asset: AssetId, count: usize) {
        until(what, async || {
            let rows = self.licenses(asset).await;
            rows.len() == count && rows.iter().all(|row| row.state == LicenseState::Held)
        })
        .await;
        let detail = Catalog::detail(&self.stand.portal, &self.stand.owner, asset)
            .await
            .unwrap();
        let at_apple = apple_says(&self.stand.sandbox, &self.stand.uid());
        let at_apple = at_apple.iter().filter(|(id, _)| *id == detail.adam_id);
        assert_eq!(at_apple.count(), count, "{what}");
    }

    /// Status at Apple by client user id.
    pub fn at_apple(&self) -> BTreeMap<String, AtApple> {
        let state = self.stand.sandbox.control().state(&self.stand.uid()).unwrap();
        state
            .users
            .iter()
            .map(|user| (user.client_user_id.to_string(), user.status))
            .collect()
    }

    /// How many calls of this kind Apple has had.
    pub fn calls(&self, path: &str) -> usize {
        let requests = self.stand.sandbox.control().requests();
        requests
            .iter()
            .filter(|request| request.path.ends_with(path))
            .count()
    }
}

pub async fn first(stand: &Stand, product: ProductType) -> AssetRow {
    let query = AssetQuery {
        product,
        ..AssetQuery::default()
    };
    Catalog::list(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows
        .remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_registered_given_a_licence_and_joins_by_the_invitation() {
    let school = School::open(5).await;
    let anna = school.person("anna", "").await;
    let bo = school.person("bo", "bo@managed.example").await;
    let plan = school.plan(school.app.id, REQUIRED).await;
    let view = school.view(&plan).await;
    assert_eq!((view.counts.gets, view.counts.cannot), (2, 0));
    school.apply(&plan, false).await.unwrap();
    school.held("both have a licence", school.app.id, 2).await;

    let invited = school.becomes(&anna, UserStatus::Registered).await;
    let joined = school.becomes(&bo, UserStatus::Associated).await;
    assert_eq!(joined.invite_code, None, "a Managed Apple Account joins at once");
    assert_eq!((joined.licenses, invited.licenses), (1, 1));
    assert_eq!(school.calls("/users/create"), 1, "both in one call");
    assert!(
        !invited.client_user_id.contains("anna"),
        "it says nothing of the person"
    );

    let code = invited.invite_code.unwrap();
    school
        .stand
        .sandbox
        .control()
        .accept_invitation(&code, "anna@icloud.example")
        .unwrap();
    let joined = school.becomes(&anna, UserStatus::Associated).await;
    assert_eq!(joined.invite_code, None, "it is of no more use");
    school.stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_and_fifty_people_are_three_calls() {
    let school = School::open(250).await;
    let portal = &school.stand.portal;
    let people: Vec<_> = (0..250)
        .map(|number| {
            let form = PersonForm {
                user_name: format!("p{number:03}"),
                name: format!("P {number:03}"),
                ..PersonForm::default()
            };
            (PersonId(format!("person-{number:03}")), form)
        })
        .collect();
    portal
        .db
        .import_people(&people, portal.clock.now(), store::devices::Import::Write)
        .await
        .unwrap();
    let names: Vec<_> = people.iter().map(|(_, form)| form.user_name.as_str()).collect();
    Groups::add_members(portal, &school.stand.owner, &school.group, &names.join("\n"))
        .await
        .unwrap();
    school.assign(school.app.id).await;
    until("all have a licence", async || {
        apple_says(&school.stand.sandbox, &school.stand.uid()).len() == 250
    })
    .await;
    assert_eq!(school.calls("/users/create"), 3, "of a hundred at most");
    school.stand.comes_in_step().await;
}

/// The person leaves, or comes back.
pub async fn leave(school: &School, person: &PersonId) {
    let mut form = People::detail(&school.stand.portal, &school.stand.owner, person)
        .await
        .map(|detail| PersonForm {
            name: detail.row.name,
            user_name: detail.row.user_name,
            email: detail.row.email,
            managed_apple_account: detail.row.managed_apple_account,
            department: detail.row.department,
            active: detail.row.active,
        })
        .unwrap();
    form.active = !form.active;
    People::change(&school.stand.portal, &school.stand.owner, person, form, None)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_whoever_leaves_loses_user_licences_and_is_retired_and_may_come_back() {
    let school = School::open(5).await;
    let book = first(&school.stand, ProductType::Book).await;
    let anna = school.person("anna", "").await;
    let bo = school.person("bo", "").await;
    school.assign(school.app.id).await;
    school.assign(book.id).await;
    school.held("both have the app", school.app.id, 2).await;
    school.held("both have the book", book.id, 2).await;
    let before = school.becomes(&anna, UserStatus::Registered).await;

    leave(&school, &anna).await;
    let gone = school.becomes(&anna, UserStatus::Retired).await;
    assert_eq!(gone.client_user_id, before.client_user_id);
    school.held("the app is free", school.app.id, 1).await;
    school.held("the book stays", book.id, 2).await;
    assert_eq!(school.at_apple()[&gone.client_user_id], AtApple::Retired);
    let kept = school.user(&bo).await;
    assert_eq!((kept.status, kept.licenses), (UserStatus::Registered, 2));

    leave(&school, &anna).await;
    let back = school.becomes(&anna, UserStatus::Registered).await;
    assert_eq!(
        back.client_user_id, before.client_user_id,
        "the same, for the books"
    );
    school.held("the app again", school.app.id, 2).await;
    school.stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_whoever_kept_only_a_book_and_is_back_is_registered_again() {
    let school = School::open(5).await;
    let book = first(&school.stand, ProductType::Book).await;
    let anna = school.person("anna", "").await;
    school.assign(book.id).await;
    school.held("the book is held", book.id, 1).await;
    leave(&school, &anna).await;
    school.becomes(&anna, UserStatus::Retired).await;
    leave(&school, &anna).await;
    school.becomes(&anna, UserStatus::Registered).await;
    school.held("the book stays", book.id, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_a_second_account_of_a_person_takes_a_licence_of_its_own() {
    let school = School::open(5).await;
    let anna = school.person("anna", "anna@managed.example").await;
    school.assign(school.app.id).await;
    school.held("one account, one licence", school.app.id, 1).await;
    let location = school.user(&anna).await.location;
    let portal = &school.stand.portal;
    let add = |account| Users::add(portal, &school.stand.owner, &anna, &location, account);
    add(AppleAccount::Invited).await.unwrap();
    school.held("two accounts, two licences", school.app.id, 2).await;
    let users = school.users(&anna).await;
    let statuses: Vec<_> = users.iter().map(|user| user.status).collect();
    assert_eq!(statuses, [UserStatus::Registered, UserStatus::Associated]);
    assert!(add(AppleAccount::Managed).await.is_err(), "there are but two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a3_books_are_given_after_a_second_confirmation_and_never_taken_back() {
    let school = School::open(5).await;
    let book = first(&school.stand, ProductType::Book).await;
    let anna = school.person("anna", "").await;
    let plan = school.plan(book.id, REQUIRED).await;
    let view = school.view(&plan).await;
    assert!(view.irrevocable);
    let refused = school.apply(&plan, false).await.unwrap_err();
    assert_eq!(refused.code, Code::ConfirmationNeeded);
    school.apply(&plan, true).await.unwrap();
    school.held("the book is held", book.id, 1).await;

    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let holder = Holder::User(school.user(&anna).await.client_user_id);
    for revocation in [
        Revocation::Licenses {
            licenses: vec![(book.id, holder.clone())],
        },
        Revocation::Asset { asset: book.id },
    ] {
        let refused = Licenses::revoke(portal, owner, RevocationForm::of(revocation)).await;
        assert!(refused.is_err(), "by hand");
    }
    let operations = Activity::list(portal, owner, OperationQuery::default())
        .await
        .unwrap();
    for operation in operations.rows {
        let undone = Activity::undo(
            portal,
            owner,
            &operation.id,
            contract::activity::Reach::Operation,
            "",
        )
        .await;
        assert!(undone.is_err(), "by undoing {:?}", operation.kind);
    }
    Groups::remove_member(portal, owner, &school.group, anna.as_str())
        .await
        .unwrap();
    let exclude = school.plan(book.id, Target::Exclude).await;
    let view = school.view(&exclude).await;
    assert_eq!(view.counts.loses, 0);
    school.apply(&exclude, false).await.unwrap();
    leave(&school, &anna).await;
    school.becomes(&anna, UserStatus::Retired).await;
    school.held("it stays after all", book.id, 1).await;
    let visitor = Visitor::signed_in_as(&school.stand, Role::ReadOnly).await;
    let page = visitor
        .get(&format!("/people/{anna}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("Only books are left"), "{page}");
    assert_eq!(school.calls("/assets/disassociate"), 0);
    let ledger = LedgerQuery {
        asset: Some(book.id),
        ..LedgerQuery::default()
    };
    let lines = Licenses::ledger(portal, owner, ledger).await.unwrap().rows;
    let acts: Vec<_> = lines.iter().map(|line| line.act).collect();
    assert!(
        acts.contains(&Act::Held) && !acts.contains(&Act::Releasing),
        "{acts:?}"
    );
}

/// Of another app than the school's.
async fn other_apps(school: &School) -> Vec<AssetId> {
    let apps = school.stand.apps().await;
    let others = apps.iter().filter(|app| app.id != school.app.id);
    others.map(|app| app.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_apple_does_not_know_any_more_is_made_anew_once_and_then_it_is_said() {
    let school = School::open(5).await;
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    school.held("a licence", school.app.id, 1).await;
    let user = school.becomes(&anna, UserStatus::Registered).await;
    let control = school.stand.sandbox.control();
    let others = other_apps(&school).await;

    control
        .retire_outside(&school.stand.uid(), &user.client_user_id)
        .unwrap();
    school.assign(others[0]).await;
    school.held("9609, and made anew", others[0], 1).await;
    assert_eq!(school.becomes(&anna, UserStatus::Registered).await.error, None);

    control
        .retire_outside(&school.stand.uid(), &user.client_user_id)
        .unwrap();
    school.assign(others[1]).await;
    until("9609 again is said", async || {
        let user = school.user(&anna).await;
        user.error.is_some_and(|error| error.number == 9609) && !user.busy
    })
    .await;
    assert_eq!(school.calls("/users/create"), 2);

    Users::try_again(&school.stand.portal, &school.stand.owner, user.number)
        .await
        .unwrap();
    school.held("an administrator asked again", others[1], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_account_that_apple_would_not_link_becomes_an_invitation_and_it_is_said() {
    let school = School::open(5).await;
    let control = school.stand.sandbox.control();
    control
        .register_outside(&school.stand.uid(), "somebody", Some("bo@managed.example"))
        .unwrap();
    control.set_faults(Faults {
        managed_domain: Some("managed.example".into()),
        ..usual()
    });
    let taken = school.person("bo", "bo@managed.example").await;
    let foreign = school.person("cecilia", "cecilia@elsewhere.example").await;
    school.assign(school.app.id).await;
    school.held("both have a licence", school.app.id, 2).await;
    for (person, number) in [(&taken, 9641), (&foreign, 9635)] {
        let user = school.becomes(person, UserStatus::Registered).await;
        assert_eq!(user.error.map(|error| error.number), Some(number));
        assert!(user.invite_code.is_some() && user.managed.is_empty());
    }
    assert_eq!(school.calls("/users/create"), 2, "once more, in another way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_there_already_is_taken_as_made() {
    let school = School::open(5).await;
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    school.held("a licence", school.app.id, 1).await;
    let user = school.becomes(&anna, UserStatus::Registered).await;
    leave(&school, &anna).await;
    school.becomes(&anna, UserStatus::Retired).await;
    // As if a call had been processed whose answer was lost.
    let control = school.stand.sandbox.control();
    control
        .register_outside(&school.stand.uid(), &user.client_user_id, None)
        .unwrap();
    leave(&school, &anna).await;
    school.held("9716, and taken as made", school.app.id, 1).await;
    assert_eq!(school.becomes(&anna, UserStatus::Registered).await.error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_apple_never_makes_is_said_to_be_so_and_asked_for_again_by_hand() {
    let ahead = Arc::new(Ahead::default());
    let clock = ahead.clone();
    let impatient = EngineSettings {
        attempts: 2,
        ..engine()
    };
    let stand = Stand::start_so(School::organisation(5), usual(), |start| Start {
        clock,
        engine: impatient,
        ..start
    })
    .await;
    let school = School::open_on(stand).await;
    let control = school.stand.sandbox.control();
    control.set_faults(Faults {
        event_latency_ms: 3_600_000,
        ..usual()
    });
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    for told in 1..=2 {
        until("Apple is told, and asked how far it is", async || {
            let log = control.requests();
            let last = log.iter().rposition(|call| call.path.ends_with("/users/create"));
            let asked =
                last.is_some_and(|last| log[last..].iter().any(|call| call.path.ends_with("/status")));
            school.calls("/users/create") == told && asked
        })
        .await;
        assert_eq!(school.user(&anna).await.error, None);
        ahead.by(11 * 60_000);
        school.stand.portal.wake.ring();
    }
    until("it is said", async || {
        let user = school.user(&anna).await;
        user.error.is_some() && !user.busy
    })
    .await;
    let user = school.user(&anna).await;
    assert_eq!(user.error.unwrap().message, Code::AppleUnclear.as_str());
    assert_eq!(school.calls("/users/create"), 2);
    Users::try_again(&school.stand.portal, &school.stand.owner, user.number)
        .await
        .unwrap();
    until("Apple is told once more", async || {
        school.calls("/users/create") == 3
    })
    .await;
    assert_eq!(school.user(&anna).await.error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_made_once_though_calls_and_notifications_are_lost() {
    let faults = Faults {
        lost_notifications: 0.5,
        random: RandomFaults {
            rate: 0.3,
            seed: 11,
            kinds: vec![RandomFault::DropAfter, RandomFault::InternalError],
            retry_after: None,
        },
        ..usual()
    };
    let school = School::open(40).await;
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(school.person(&format!("p{number}"), "").await);
    }
    school.stand.sandbox.control().set_faults(faults);
    school.assign(school.app.id).await;
    until("all have a licence", async || {
        apple_says(&school.stand.sandbox, &school.stand.uid()).len() == 20
    })
    .await;
    school.stand.sandbox.control().set_faults(usual());
    for person in &people {
        school.becomes(person, UserStatus::Registered).await;
    }
    school.stand.comes_in_step().await;
    let state = school.stand.sandbox.control().state(&school.stand.uid()).unwrap();
    assert_eq!(state.users.len(), 20, "nobody twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_the_invitation_is_on_the_persons_page_and_on_the_check_in_page_until_it_is_accepted() {
    let school = School::open(5).await;
    let anna = school.person("anna", "").await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let form = DeviceForm {
        name: "Anna's iPad".into(),
        serial: "C02Y402HLCM6".into(),
        user_name: "anna".into(),
        ..DeviceForm::default()
    };
    let own = Devices::add(portal, owner, form).await.unwrap();
    let book = first(&school.stand, ProductType::Book).await;
    let available = Target::Include {
        intent: Intent::Available,
        kind: LicenseKind::User,
    };
    let plan = school.plan(book.id, available).await;
    assert_eq!(school.view(&plan).await.counts.offered, 1);
    school.apply(&plan, true).await.unwrap();
    school.assign(school.app.id).await;
    school.held("a licence", school.app.id, 1).await;
    let user = school.becomes(&anna, UserStatus::Registered).await;
    let code = user.invite_code.unwrap();

    let desk = Visitor::signed_in_as(&school.stand, Role::Administrator).await;
    let page = desk.get(&format!("/people/{anna}")).await.text().await.unwrap();
    assert!(page.contains(&code), "the link to copy");
    assert!(
        page.contains("no mail server is set up"),
        "and why it is not mailed"
    );
    let reader = Visitor::signed_in_as(&school.stand, Role::ReadOnly).await;
    let page = reader.get(&format!("/people/{anna}")).await.text().await.unwrap();
    assert!(page.contains("Registered") && !page.contains(&code));
    let refused = desk
        .call(
            "users/mail",
            &[("user", &user.number.to_string()), ("person", anna.as_str())],
        )
        .await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let list = desk.get("/licenses").await.text().await.unwrap();
    assert!(list.contains("waits for the invitation to be accepted"));
    assert!(list.contains(&format!("/people/{anna}")));

    let phone = checked_in(&school.stand, &own).await;
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(page.contains(&code) && page.contains("Join first"));
    let asset = book.id.to_string();
    assert!(page.contains(&book.name), "the book is offered to the person");
    let taken = phone.call("checkin/take", &[("asset", &asset)]).await;
    assert_eq!(taken.status(), StatusCode::OK);
    school.held("the book is taken", book.id, 1).await;

    school
        .stand
        .sandbox
        .control()
        .accept_invitation(&code, "anna@icloud.example")
        .unwrap();
    school.becomes(&anna, UserStatus::Associated).await;
    let page = phone.get("/checkin").await.text().await.unwrap();
    assert!(!page.contains(&code) && !page.contains("Join first") && page.contains("Licensed"));
    let stranger = school
        .stand
        .portal
        .db
        .devices_matching(&DeviceQuery::default(), 9)
        .await
        .unwrap();
    let stranger = stranger.into_iter().find(|device| device.id != own).unwrap();
    let other = checked_in(&school.stand, &stranger.id).await;
    let page = other.get("/checkin").await.text().await.unwrap();
    assert!(!page.contains(&book.name), "another person's");
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_the_persons_page_counts_what_is_held_and_says_what_is_left() {
    let school = School::open(1).await;
    let (anna, bo) = (school.person("anna", "").await, school.person("bo", "").await);
    school.assign(school.app.id).await;
    let counts = async |person: &PersonId| {
        let user = school.user(person).await;
        (user.licenses, user.books, user.waiting)
    };
    until("one has it, the other waits", async || {
        (counts(&anna).await, counts(&bo).await) == ((1, 0, 0), (0, 0, 1))
    })
    .await;
    let visitor = Visitor::signed_in_as(&school.stand, Role::ReadOnly).await;
    let page = async |person: &PersonId| {
        let answer = visitor.get(&format!("/people/{person}")).await;
        answer.text().await.unwrap().replace("<!>", "")
    };
    let shown = page(&bo).await;
    assert!(
        shown.contains(">0</a>") && shown.contains("1 waited for"),
        "{shown}"
    );
    assert!(!page(&anna).await.contains("waited for"));
    leave(&school, &anna).await;
    school.becomes(&anna, UserStatus::Retired).await;
    let shown = page(&anna).await;
    assert!(
        shown.contains("No licence is left.") && !shown.contains("Only books"),
        "{shown}"
    );
    let cleo = school.person("cleo", "").await;
    leave(&school, &cleo).await;
    until("cleo has left", async || {
        let shown = page(&cleo).await;
        shown.contains("No licence is left.") || shown.contains("Apple does not know this person")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apple_is_told_of_people_is_shown_with_its_result() {
    let school = School::open(5).await;
    let control = school.stand.sandbox.control();
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    school.held("anna has a licence", school.app.id, 1).await;
    school.becomes(&anna, UserStatus::Registered).await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let told = async |state: Option<ItemState>| {
        let query = ToldQuery {
            state,
            ..ToldQuery::default()
        };
        let told = Users::told(portal, owner, query).await.unwrap();
        let rows: Vec<_> = told
            .page
            .rows
            .iter()
            .map(|row| (row.user_name.clone(), row.what, row.state))
            .collect();
        ((told.done, told.failed, told.open), rows)
    };
    let of = |name: &str, what, state| (name.to_owned(), what, state);
    let registered = of("anna", Telling::Register, ItemState::Done);
    assert_eq!(told(None).await, ((1, 0, 0), vec![registered]));
    leave(&school, &anna).await;
    school.becomes(&anna, UserStatus::Retired).await;
    let retired = of("anna", Telling::Retire, ItemState::Done);
    assert_eq!(told(None).await, ((1, 0, 0), vec![retired.clone()]));

    // Sent, and not confirmed as long as Apple's events do not end.
    control.set_faults(Faults {
        event_latency_ms: 3_600_000,
        ..usual()
    });
    let mut live = portal.live.listen();
    school.person("bo", "").await;
    let sent = of("bo", Telling::Register, ItemState::Sent);
    let shown = async {
        while live.recv().await.unwrap() != LiveEvent::Users
            || told(Some(ItemState::Sent)).await != ((1, 0, 1), vec![sent.clone()])
        {}
    };
    let shown = tokio::time::timeout(PATIENCE, shown).await;
    shown.expect("open pages hear of bo once it is written");
    assert_eq!(told(None).await.1, [sent, retired], "the latest change first");
    let visitor = Visitor::signed_in_as(&school.stand, Role::ReadOnly).await;
    let page = visitor.get("/activity/people").await.text().await.unwrap();
    assert!(page.contains(&format!("href=\"/people/{anna}\"")), "{page}");
    assert!(page.contains("href=\"/export/activity-people.csv\""));
    let file = visitor.get("/export/activity-people.csv?state=sent").await;
    assert!(file.text().await.unwrap().contains("\nbo,bo,,"));
    assert!(
        visitor
            .get("/activity")
            .await
            .text()
            .await
            .unwrap()
            .contains("href=\"/activity/people\"")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apple_refused_of_a_person_is_shown_with_the_error() {
    let school = School::open(5).await;
    let anna = school.person("anna", "").await;
    school.assign(school.app.id).await;
    school.held("anna has a licence", school.app.id, 1).await;
    school.becomes(&anna, UserStatus::Registered).await;
    let mut raw = school.stand.folder.raw().await;
    raw.run(format!(
        "UPDATE vpp_users SET told = 1, error_number = 9602, error_message = 'Invalid argument.' WHERE person = '{anna}'"
    ))
    .await;
    let (portal, owner) = (&school.stand.portal, &school.stand.owner);
    let told = Users::told(portal, owner, ToldQuery::default()).await.unwrap();
    let row = &told.page.rows[0];
    assert_eq!(
        (told.failed, row.state, row.what),
        (1, ItemState::Failed, Telling::Change)
    );
    let visitor = Visitor::signed_in_as(&school.stand, Role::ReadOnly).await;
    let page = visitor
        .get("/activity/people?state=failed")
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("/search?q=9602"), "the error is explained: {page}");
    let stranger = Visitor::new(&school.stand);
    let refused = stranger.get("/export/activity-people.csv").await;
    assert_eq!(refused.status(), StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn t3_a_token_that_is_refused_while_users_are_awaited_says_so_at_once() {
    let faults = Faults {
        event_latency_ms: 600_000,
        ..usual()
    };
    let stand = Stand::start_with(School::organisation(5), faults).await;
    let file = stand.token_file();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    let school = School::open_with(stand).await;
    school.person("ada", "").await;
    school.assign(school.app.id).await;
    let control = school.stand.sandbox.control();
    until("Apple is asked how far it is", async || {
        let requests = control.requests();
        requests.iter().any(|request| request.path.ends_with("/status"))
    })
    .await;
    control.revoke_token(&file).unwrap();
    until("the token is revoked", async || {
        let detail = Tokens::detail(&school.stand.portal, &school.stand.owner, &id)
            .await
            .unwrap();
        detail.row.state == TokenState::Revoked
    })
    .await;
}
