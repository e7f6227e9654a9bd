use crate::{
    people::{add, form},
    setup::{HOUR, NOW, app, batch, lease, leased, on_each, on_each_raw, operation, states, synced},
};
use contract::{
    AppleError, AssetId, Code, LocationId, PersonId,
    activity::{ItemState, OperationKind},
    devices::DeviceForm,
    licenses::{Holder, LicenseState},
    people::PersonForm,
    users::{AppleAccount, Telling, ToldQuery, UserStatus},
};
use store::{
    Db, StoreError,
    locations::Fence,
    mails::NewMail,
    operations::{BatchResult, BatchState, NewOperation},
    users::{Attempt, BatchUser, NewUser, SeenUser, StoredUser, UserBatch, UserEnd, UserWish},
};

pub fn joining(person: &str, account: AppleAccount) -> NewUser {
    NewUser {
        person: person.into(),
        client_user_id: format!("id-{person}-{}", account.as_str()),
        account,
    }
}

/// People who are to join, in their order.
pub async fn join(db: &Db, fence: &Fence, people: &[&str]) {
    for person in people {
        add(db, person, person).await;
        let user = joining(person, AppleAccount::Invited);
        db.add_user(&fence.location, &user, NOW).await.unwrap();
    }
}

pub fn seen(person: &str, status: UserStatus) -> SeenUser {
    SeenUser {
        client_user_id: format!("id-{person}-invited"),
        status,
        invite_code: Some(format!("code-{person}")),
    }
}

pub async fn user(db: &Db, person: &str) -> StoredUser {
    let mut users = db.users_of(&PersonId::from(person)).await.unwrap();
    assert_eq!(users.len(), 1, "{person}");
    users.remove(0)
}

pub async fn open(db: &Db, fence: &Fence) -> Vec<UserBatch> {
    db.open_user_batches(fence, NOW + HOUR).await.unwrap()
}

fn names(batch: &UserBatch) -> Vec<&str> {
    batch
        .users
        .iter()
        .map(|user| user.client_user_id.as_str())
        .collect()
}

pub fn done(batch: &UserBatch) -> Vec<UserEnd> {
    batch.users.iter().map(UserEnd::done).collect()
}

/// Registered at Apple, with nothing left to do.
pub async fn registered(db: &Db, fence: &Fence, people: &[&str]) {
    join(db, fence, people).await;
    db.prepare_user_batches(fence, 100, NOW).await.unwrap();
    let all: Vec<_> = people
        .iter()
        .map(|person| seen(person, UserStatus::Registered))
        .collect();
    db.note_users(fence, &all, Some("v1"), NOW + 1).await.unwrap();
    for batch in open(db, fence).await {
        db.end_user_batch(fence, batch.id, &done(&batch), NOW + 2)
            .await
            .unwrap();
    }
}

pub fn holder(person: &str) -> Holder {
    Holder::User(format!("id-{person}-invited"))
}

pub async fn give(db: &Db, fence: &Fence, asset: AssetId, person: &str) {
    let operation = NewOperation {
        id: format!("give-{person}-{asset}").as_str().into(),
        ..operation(
            fence,
            "x",
            OperationKind::Assign,
            vec![batch(&[asset], &[holder(person)])],
        )
    };
    db.insert_operations(std::slice::from_ref(&operation), None)
        .await
        .unwrap();
    for batch in db.open_batches(fence, NOW + HOUR, 9).await.unwrap() {
        let result = BatchResult {
            done: vec![(asset, holder(person))],
            ..BatchResult::default()
        };
        db.end_batch(fence, batch.id, &result, NOW + 3000).await.unwrap();
    }
}

#[test]
fn calls_hold_as_many_users_as_apple_allows_and_are_written_before_they_are_sent() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a", "b", "c", "d", "e"]).await;
        db.prepare_user_batches(&fence, 2, NOW).await.unwrap();
        let batches = open(&db, &fence).await;
        let sizes: Vec<_> = batches.iter().map(|batch| batch.users.len()).collect();
        assert_eq!(sizes, [2, 2, 1]);
        assert_eq!(names(&batches[0]), ["id-a-invited", "id-b-invited"]);
        let first = BatchUser {
            client_user_id: "id-a-invited".into(),
            email: "a@skola.example".into(),
            managed: String::new(),
            status: UserStatus::Wanted,
            healed: false,
            rounds: 0,
        };
        assert_eq!(batches[0].users[0], first);
        assert_eq!(
            (batches[0].kind, batches[0].state),
            (UserWish::Create, BatchState::Prepared)
        );
        db.prepare_user_batches(&fence, 2, NOW).await.unwrap();
        assert_eq!(open(&db, &fence).await, batches, "each user is in one call");

        db.user_batch_sending(&fence, batches[1].id, NOW + 1)
            .await
            .unwrap();
        db.user_batch_sent(&fence, batches[2].id, "event", NOW + 1)
            .await
            .unwrap();
        db.user_batch_later(&fence, batches[2].id, None, NOW + 50, Attempt::Failed)
            .await
            .unwrap();
        let due = db.open_user_batches(&fence, NOW + 49).await.unwrap();
        let due: Vec<_> = due.iter().map(|batch| (batch.id, batch.state)).collect();
        assert_eq!(
            due,
            [
                (batches[1].id, BatchState::Sending),
                (batches[0].id, BatchState::Prepared)
            ],
            "what may be at Apple comes first"
        );
        let late = open(&db, &fence).await;
        let late = late.iter().find(|batch| batch.id == batches[2].id).unwrap();
        assert_eq!(
            (late.event.as_deref(), late.attempts, late.since),
            (Some("event"), 1, NOW + 1)
        );

        db.split_user_batch(&fence, batches[0].id, NOW).await.unwrap();
        let sizes: Vec<_> = open(&db, &fence)
            .await
            .iter()
            .map(|batch| batch.users.len())
            .collect();
        assert_eq!(sizes.iter().sum::<usize>(), 5);
        assert_eq!(sizes.iter().filter(|size| **size == 1).count(), 3);

        let stale = Fence {
            epoch: fence.epoch - 1,
            ..fence.clone()
        };
        let fenced = db.user_batch_sending(&stale, batches[1].id, NOW).await;
        assert!(matches!(fenced, Err(StoreError::Fenced)));
    });
}

#[test]
fn a_location_with_users_to_be_made_has_something_to_do() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[]).await;
        db.release_lease(&fence).await.unwrap();
        let idle = db.lease_next("worker", NOW + 2000, NOW + HOUR).await.unwrap();
        assert!(idle.is_none());
        join(&db, &fence, &["a"]).await;
        let fence = lease(&db, &fence.location, NOW + 2000).await;
        db.prepare_user_batches(&fence, 9, NOW + 2000).await.unwrap();
        db.user_batch_later(&fence, 1, None, NOW + 9000, Attempt::Open)
            .await
            .unwrap();
        db.release_lease(&fence).await.unwrap();
        assert_eq!(db.next_due(NOW + 2001).await.unwrap(), Some(NOW + 9000));
    });
}

#[test]
fn a_user_goes_from_wanted_to_registered_associated_and_retired() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a", "b"]).await;
        assert_eq!(user(&db, "a").await.status, UserStatus::Wanted);
        db.prepare_user_batches(&fence, 9, NOW).await.unwrap();
        let batch = open(&db, &fence).await.remove(0);
        db.note_users(&fence, &[seen("a", UserStatus::Registered)], Some("v1"), NOW + 5)
            .await
            .unwrap();
        db.end_user_batch(&fence, batch.id, &done(&batch)[..1], NOW + 6)
            .await
            .unwrap();
        let a = user(&db, "a").await;
        assert_eq!(
            (a.status, a.since, a.busy),
            (UserStatus::Registered, NOW + 5, false)
        );
        assert_eq!(a.invite_code.as_deref(), Some("code-a"));
        assert_eq!(
            db.users_version(&fence.location).await.unwrap().as_deref(),
            Some("v1")
        );
        assert!(user(&db, "b").await.busy, "whoever is not named is sent again");
        db.prepare_user_batches(&fence, 9, NOW).await.unwrap();
        assert_eq!(names(&open(&db, &fence).await[0]), ["id-b-invited"]);

        let both = [seen("a", UserStatus::Retired), seen("a", UserStatus::Associated)];
        db.note_users(&fence, &both, None, NOW + 7).await.unwrap();
        let a = user(&db, "a").await;
        assert_eq!(
            (a.status, a.since, a.invite_code),
            (UserStatus::Associated, NOW + 7, None)
        );
        assert_eq!(
            db.users_version(&fence.location).await.unwrap().as_deref(),
            Some("v1")
        );

        // D4
        let mut left = form("a", "a");
        left.active = false;
        db.change_person(&"a".into(), &left, None, None, NOW)
            .await
            .unwrap();
        let leavers = db.leavers(&fence.location, NOW, 9).await.unwrap();
        assert_eq!(leavers.len(), 1);
        assert!(leavers[0].held.is_empty() && !leavers[0].under_way);
        db.retire_users(&fence, &[a.client_user_id], NOW + 8)
            .await
            .unwrap();
        db.prepare_user_batches(&fence, 9, NOW + 8).await.unwrap();
        let retiring = open(&db, &fence).await;
        let retiring = retiring
            .iter()
            .find(|batch| batch.kind == UserWish::Retire)
            .unwrap();
        db.note_users(&fence, &[seen("a", UserStatus::Retired)], None, NOW + 9)
            .await
            .unwrap();
        db.end_user_batch(&fence, retiring.id, &done(retiring), NOW + 9)
            .await
            .unwrap();
        let a = user(&db, "a").await;
        assert_eq!((a.status, a.busy, a.error), (UserStatus::Retired, false, None));
        assert!(
            db.leavers(&fence.location, NOW + HOUR, 9)
                .await
                .unwrap()
                .is_empty()
        );

        // Whoever comes back is the same at Apple, so that books come back too.
        db.change_person(&"a".into(), &form("a", "a"), None, None, NOW)
            .await
            .unwrap();
        db.add_user(&fence.location, &joining("a", AppleAccount::Invited), NOW + 10)
            .await
            .unwrap();
        db.note_users(&fence, &[seen("a", UserStatus::Retired)], None, NOW + 11)
            .await
            .unwrap();
        assert_eq!(user(&db, "a").await.status, UserStatus::Wanted, "old news");
        db.note_users(&fence, &[seen("a", UserStatus::Registered)], None, NOW + 12)
            .await
            .unwrap();
        assert_eq!(user(&db, "a").await.status, UserStatus::Registered);
    });
}

/// S4: Apple's notifications come in any order, and what they tell may be old by then.
#[test]
fn what_is_told_late_takes_nobody_back() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        registered(&db, &fence, &["a", "b", "c"]).await;
        let told = async |who, statuses: &[UserStatus], at| {
            let users: Vec<_> = statuses.iter().map(|status| seen(who, *status)).collect();
            db.users_told(&fence, &users, at).await.unwrap();
            let user = user(&db, who).await;
            (user.status, user.since)
        };

        let joined = (UserStatus::Associated, NOW + 3);
        let either_way = [UserStatus::Registered, UserStatus::Associated];
        assert_eq!(told("a", &either_way, NOW + 3).await, joined);
        assert_eq!(told("a", &[UserStatus::Registered], NOW + 4).await, joined);
        let either_way = [UserStatus::Associated, UserStatus::Registered];
        assert_eq!(told("b", &either_way, NOW + 3).await, joined);

        let left = (UserStatus::Retired, NOW + 5);
        db.note_users(&fence, &[seen("c", UserStatus::Retired)], Some("v2"), NOW + 5)
            .await
            .unwrap();
        assert_eq!(told("c", &either_way, NOW + 6).await, left);

        // Apple's list is no hearsay: it says what is so now.
        db.note_users(&fence, &[seen("a", UserStatus::Registered)], Some("v3"), NOW + 7)
            .await
            .unwrap();
        assert_eq!(user(&db, "a").await.status, UserStatus::Registered);
        // Nobody else's.
        let elsewhere = leased(&db, "B").await;
        db.users_told(&elsewhere, &[seen("a", UserStatus::Associated)], NOW + 8)
            .await
            .unwrap();
        assert_eq!(user(&db, "a").await.status, UserStatus::Registered);
    });
}

#[test]
fn whoever_leaves_before_apple_knew_of_it_is_simply_not_made() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a"]).await;
        db.delete_person(&"a".into(), None, NOW).await.unwrap();
        let leavers = db.leavers(&fence.location, NOW, 9).await.unwrap();
        let ids: Vec<_> = leavers.into_iter().map(|leaver| leaver.client_user_id).collect();
        db.retire_users(&fence, &ids, NOW).await.unwrap();
        db.prepare_user_batches(&fence, 9, NOW).await.unwrap();
        assert!(open(&db, &fence).await.is_empty());
        assert_eq!(user(&db, "a").await.status, UserStatus::Retired);
    });
}

#[test]
fn d4_what_leavers_hold_is_told_apart_and_books_stay() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut book = app(2);
        book.product = contract::catalog::ProductType::Book;
        book.revocable = false;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (book, vec![])]).await;
        registered(&db, &fence, &["a"]).await;
        give(&db, &fence, ids[0], "a").await;
        give(&db, &fence, ids[1], "a").await;
        assert_eq!(user(&db, "a").await.licenses, 2);
        db.delete_person(&"a".into(), None, NOW).await.unwrap();
        let leavers = db.leavers(&fence.location, NOW, 9).await.unwrap();
        assert_eq!(
            (leavers[0].held.as_slice(), leavers[0].under_way),
            (&ids[..1], false)
        );
        let leaver = [leavers[0].client_user_id.clone()];
        for pause in [3, 6, 9, 9] {
            db.leave_later(&fence, &leaver, (3, 9), NOW).await.unwrap();
            let due = async |at| db.leavers(&fence.location, at, 9).await.unwrap().len();
            assert_eq!((due(NOW + pause - 1).await, due(NOW + pause).await), (0, 1));
        }
        // A book cannot be taken back by any operation.
        let revoke = operation(
            &fence,
            "revoke",
            OperationKind::Revoke,
            vec![batch(&ids, &[holder("a")])],
        );
        db.insert_operations(&[revoke], None).await.unwrap();
        assert_eq!(
            states(&db, ids[0]).await,
            [(holder("a"), LicenseState::Releasing)]
        );
        assert_eq!(states(&db, ids[1]).await, [(holder("a"), LicenseState::Held)]);
        let leavers = db.leavers(&fence.location, NOW + 9, 9).await.unwrap();
        assert!(leavers[0].under_way && leavers[0].held.is_empty());
        // What Apple would not take back is not asked for again and again: it goes with the user.
        let open = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap();
        let error = AppleError {
            number: 9603,
            message: "no".into(),
        };
        let refused = BatchResult {
            failed: vec![((ids[0], holder("a")), error)],
            ..BatchResult::default()
        };
        db.end_batch(&fence, open[0].id, &refused, NOW + 4000)
            .await
            .unwrap();
        let leavers = db.leavers(&fence.location, NOW + 9, 9).await.unwrap();
        assert!(!leavers[0].under_way && leavers[0].held.is_empty());
    });
}

#[test]
fn whoever_apple_does_not_know_is_made_anew_once_and_then_it_is_said() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        registered(&db, &fence, &["a", "b"]).await;
        let ids = vec!["id-a-invited".to_owned()];
        db.users_unknown(&fence, &ids, NOW + 5).await.unwrap();
        let a = user(&db, "a").await;
        assert_eq!((a.status, a.busy, a.error), (UserStatus::Wanted, true, None));
        db.prepare_user_batches(&fence, 9, NOW + 5).await.unwrap();
        let made = open(&db, &fence).await.remove(0);
        assert!(made.users[0].healed);
        db.note_users(&fence, &[seen("a", UserStatus::Registered)], None, NOW + 6)
            .await
            .unwrap();
        db.end_user_batch(&fence, made.id, &done(&made), NOW + 6)
            .await
            .unwrap();
        db.users_unknown(&fence, &ids, NOW + 7).await.unwrap();
        let a = user(&db, "a").await;
        assert_eq!((a.status, a.busy), (UserStatus::Wanted, false));
        assert_eq!(a.error.map(|error| error.number), Some(9609));

        // The same for one that somebody else retired.
        for (at, number) in [(NOW + 8, None), (NOW + 10, Some(9609))] {
            db.note_users(&fence, &[seen("b", UserStatus::Retired)], None, at)
                .await
                .unwrap();
            let b = user(&db, "b").await;
            assert_eq!((b.status, b.busy), (UserStatus::Retired, false));
            assert_eq!(b.error.map(|error| error.number), number);
            db.note_users(&fence, &[seen("b", UserStatus::Registered)], None, at + 1)
                .await
                .unwrap();
        }
        // An administrator may ask again.
        db.user_again(user(&db, "a").await.number, NOW + 20)
            .await
            .unwrap();
        let a = user(&db, "a").await;
        assert_eq!((a.busy, a.error), (true, None));
    });
}

#[test]
fn what_ends_a_call_is_written_user_by_user() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        for person in ["a", "b"] {
            let mut own = form(person, person);
            own.managed_apple_account = format!("{person}@managed.example");
            db.insert_person(&crate::people::person(person, own), NOW)
                .await
                .unwrap();
            db.add_user(&fence.location, &joining(person, AppleAccount::Managed), NOW)
                .await
                .unwrap();
        }
        db.prepare_user_batches(&fence, 9, NOW).await.unwrap();
        let batch = open(&db, &fence).await.remove(0);
        assert_eq!(batch.users[0].managed, "a@managed.example");
        let error = AppleError {
            number: 9635,
            message: "Unable".into(),
        };
        let ends = [
            UserEnd {
                wish: Some(UserWish::Create),
                drop_managed: true,
                drop_email: true,
                healed: true,
                error: Some(error.clone()),
                keep_error: false,
                ..UserEnd::done(&batch.users[0])
            },
            UserEnd {
                error: Some(error.clone()),
                keep_error: false,
                not_before: NOW + 30,
                wish: Some(UserWish::Create),
                ..UserEnd::done(&batch.users[1])
            },
        ];
        db.end_user_batch(&fence, batch.id, &ends, NOW + 1).await.unwrap();
        let a = user(&db, "a").await;
        assert_eq!((a.managed.as_str(), a.email.as_str(), a.busy), ("", "", true));
        assert_eq!(a.error, Some(error.clone()));
        db.prepare_user_batches(&fence, 9, NOW + 29).await.unwrap();
        let again = open(&db, &fence).await.remove(0);
        assert_eq!(names(&again), ["id-a-managed"], "the other one waits");
        // What led there is still explained when it went well.
        db.end_user_batch(&fence, again.id, &done(&again), NOW + 2)
            .await
            .unwrap();
        assert_eq!(user(&db, "a").await.error, Some(error));
    });
}

#[test]
fn a2_a_second_account_of_a_person_is_another_user_and_plans_have_both() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        registered(&db, &fence, &["a"]).await;
        let mut own = form("a", "a");
        own.managed_apple_account = "a@managed.example".into();
        // Whoever has joined with an account of the own stays with it.
        db.note_users(&fence, &[seen("a", UserStatus::Associated)], None, NOW + 5)
            .await
            .unwrap();
        db.change_person(&"a".into(), &own, None, None, NOW)
            .await
            .unwrap();
        db.add_user(&fence.location, &joining("a", AppleAccount::Managed), NOW)
            .await
            .unwrap();
        let users = db.users_of(&"a".into()).await.unwrap();
        let accounts: Vec<_> = users.iter().map(|user| user.managed.as_str()).collect();
        assert_eq!(accounts, ["", "a@managed.example"]);
        let twice = db
            .add_user(&fence.location, &joining("a", AppleAccount::Managed), NOW)
            .await;
        assert!(matches!(twice, Err(StoreError::Taken(Code::ChangedMeanwhile))));

        let all = db
            .planning_data(&ids, &["all_people".into()], None)
            .await
            .unwrap();
        let accounts: Vec<_> = all
            .people
            .iter()
            .map(|person| (person.id.as_str(), person.managed_account, person.registration))
            .collect();
        use contract::assignments::Registration;
        assert_eq!(
            accounts,
            [
                ("a", false, Registration::Associated),
                ("a", true, Registration::None)
            ]
        );
        assert!(all.people[1].joining && !all.people[0].joining);
        assert_eq!(all.groups[0].2, [0, 1], "both are in the group");
        let elsewhere = LocationId::from("elsewhere");
        assert!(!db.has_users(&elsewhere).await.unwrap() && db.has_users(&fence.location).await.unwrap());
    });
}

#[test]
fn a_managed_account_that_becomes_known_replaces_an_invitation_that_nobody_accepted() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        registered(&db, &fence, &["a", "b"]).await;
        let mut own = form("a", "a");
        own.managed_apple_account = "a@managed.example".into();
        db.change_person(&"a".into(), &own, None, None, NOW)
            .await
            .unwrap();
        let mut other = form("b", "b");
        other.email = "b@other.example".into();
        db.change_person(&"b".into(), &other, None, None, NOW)
            .await
            .unwrap();
        db.prepare_user_batches(&fence, 9, NOW).await.unwrap();
        let batch = open(&db, &fence).await.remove(0);
        assert_eq!(batch.kind, UserWish::Update);
        let told: Vec<_> = batch
            .users
            .iter()
            .map(|user| (user.email.as_str(), user.managed.as_str()))
            .collect();
        assert_eq!(
            told,
            [("a@skola.example", "a@managed.example"), ("b@other.example", "")]
        );
    });
}

#[test]
fn who_waits_for_a_person_is_planned_again_when_apple_knows_the_person() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        join(&db, &fence, &["a"]).await;
        let waits = NewOperation {
            waiting: vec![(ids[0], holder("a"))],
            ..operation(&fence, "waits", OperationKind::Assign, vec![])
        };
        db.insert_operations(&[waits], None).await.unwrap();
        raw.run("DELETE FROM plan_queue").await;
        db.note_users(&fence, &[seen("a", UserStatus::Registered)], None, NOW + 5)
            .await
            .unwrap();
        let queued = db.assets_to_plan(&fence.location, NOW + 5, 9).await.unwrap();
        assert_eq!(
            queued.into_iter().map(|(asset, _)| asset).collect::<Vec<_>>(),
            ids[..1]
        );
    });
}

#[test]
fn an_invitation_is_mailed_once() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        registered(&db, &fence, &["a", "b"]).await;
        db.note_users(&fence, &[seen("b", UserStatus::Associated)], None, NOW + 5)
            .await
            .unwrap();
        let uninvited = db.uninvited(&fence.location, 9).await.unwrap();
        assert_eq!(uninvited.len(), 1);
        let mail = NewMail {
            id: "m".into(),
            about: "invitation".into(),
            recipient: uninvited[0].email.clone(),
            subject: "s".into(),
            body: "b".into(),
        };
        db.queue_invitations(&[(uninvited[0].number, mail)], NOW + 6)
            .await
            .unwrap();
        assert!(db.uninvited(&fence.location, 9).await.unwrap().is_empty());
        assert_eq!(user(&db, "a").await.mailed_at, Some(NOW + 6));
        let taken = db.take_mail("w", NOW + 6, NOW + 60).await.unwrap().unwrap();
        assert_eq!(taken.recipient, "a@skola.example");
    });
}

#[test]
fn a3_the_devices_of_whoever_has_a_user_licence_are_known() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        registered(&db, &fence, &["a", "b"]).await;
        for (serial, user_name) in [
            ("C02Y402HLCM6", "a"),
            ("C02Y402HLCM7", "a"),
            ("C02Y402HLCM8", "b"),
        ] {
            let device = DeviceForm {
                serial: serial.to_owned(),
                user_name: user_name.to_owned(),
                ..DeviceForm::default()
            };
            db.insert_device(&serial.into(), &device, NOW).await.unwrap();
        }
        give(&db, &fence, ids[0], "a").await;
        let of = async |asset| {
            let mut serials = db.devices_of_user_holders(asset).await.unwrap();
            serials.sort();
            serials.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of(ids[0]).await, ["C02Y402HLCM6", "C02Y402HLCM7"]);
        assert!(of(ids[1]).await.is_empty());
    });
}

#[test]
fn what_cannot_be_done_about_users_now_waits() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a"]).await;
        db.prepare_user_batches(&fence, 9, NOW).await.unwrap();
        join(&db, &fence, &["b"]).await;
        assert!(db.users_wished(&fence, NOW).await.unwrap());
        assert_eq!(db.open_user_batches(&fence, NOW).await.unwrap().len(), 1);
        db.put_off_users(&fence, NOW + HOUR).await.unwrap();
        for (now, due) in [(NOW + HOUR - 1, false), (NOW + HOUR, true)] {
            assert_eq!(db.users_wished(&fence, now).await.unwrap(), due);
            assert_eq!(db.open_user_batches(&fence, now).await.unwrap().is_empty(), !due);
        }
    });
}

#[test]
fn what_apple_is_told_of_is_listed_with_how_far_it_is() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a", "b", "c"]).await;
        let told = async |state| {
            let query = ToldQuery {
                state,
                ..ToldQuery::default()
            };
            let told = db.told(&query).await.unwrap();
            let rows: Vec<_> = told
                .page
                .rows
                .into_iter()
                .map(|row| (row.name, row.what, row.state))
                .collect();
            ((told.open, told.failed, told.done), rows)
        };
        let (counts, rows) = told(None).await;
        assert_eq!((counts, rows.len()), ((3, 0, 0), 3));
        assert!(
            rows.iter()
                .all(|(_, what, state)| (*what, *state) == (Telling::Register, ItemState::Open))
        );
        db.prepare_user_batches(&fence, 100, NOW).await.unwrap();
        let batch = open(&db, &fence).await.remove(0);
        assert_eq!(
            told(Some(ItemState::Open)).await.1.len(),
            3,
            "written down, and not sent"
        );
        db.user_batch_sending(&fence, batch.id, NOW + 1).await.unwrap();
        assert_eq!(told(Some(ItemState::Sent)).await.1.len(), 3);
        let error = AppleError {
            number: 9602,
            message: "no".into(),
        };
        let mut ends = done(&batch);
        ends[0].error = Some(error.clone());
        let seen: Vec<_> = ["b", "c"]
            .map(|person| seen(person, UserStatus::Registered))
            .into();
        db.note_users(&fence, &seen, None, NOW + 2).await.unwrap();
        db.end_user_batch(&fence, batch.id, &ends, NOW + 3).await.unwrap();
        let (counts, rows) = told(Some(ItemState::Failed)).await;
        assert_eq!(counts, (0, 1, 2));
        assert_eq!(rows, [("a".to_owned(), Telling::Register, ItemState::Failed)]);
        // Done in another way, with what was refused before still said.
        raw.run("UPDATE vpp_users SET healed = (1 = 1), error_number = 9635 WHERE person = 'b'")
            .await;
        assert_eq!(told(None).await.0, (0, 1, 2));
        db.delete_person(&"c".into(), None, NOW).await.unwrap();
        db.retire_users(&fence, &["id-c-invited".to_owned()], NOW + 9)
            .await
            .unwrap();
        let (_, rows) = told(Some(ItemState::Open)).await;
        assert_eq!(rows, [(String::new(), Telling::Retire, ItemState::Open)]);
        let all = told(None).await.1;
        assert_eq!(all[0].1, Telling::Retire, "the latest change first");
    });
}

/// Name, what was told and how far, in the order of the list.
async fn told(db: &Db) -> Vec<(String, Telling, ItemState)> {
    let told = db.told(&ToldQuery::default()).await.unwrap();
    let rows: Vec<_> = told
        .page
        .rows
        .into_iter()
        .map(|row| (row.name, row.what, row.state))
        .collect();
    let listed = i64::try_from(rows.len()).unwrap();
    assert_eq!(
        told.open + told.failed + told.done,
        listed,
        "all that is listed is counted"
    );
    rows
}

#[test]
fn how_often_nothing_came_of_a_call_is_counted_until_something_does() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a"]).await;
        let tell = async |in_vain: bool| {
            db.prepare_user_batches(&fence, 100, NOW).await.unwrap();
            let batch = open(&db, &fence).await.remove(0);
            let end = UserEnd {
                wish: Some(batch.kind),
                in_vain,
                ..UserEnd::done(&batch.users[0])
            };
            db.end_user_batch(&fence, batch.id, &[end], NOW).await.unwrap();
            batch.users[0].rounds
        };
        let mut rounds = Vec::new();
        for in_vain in [true, true, false, true, true] {
            rounds.push(tell(in_vain).await);
        }
        assert_eq!(rounds, [0, 1, 2, 0, 1]);
        let users = db.users_of(&"a".into()).await.unwrap();
        db.user_again(users[0].number, NOW).await.unwrap();
        assert_eq!(tell(false).await, 0, "asked for by hand, it begins anew");
    });
}

#[test]
fn looks_at_a_leaver_do_not_count_once_the_person_is_back_and_apple_is_told_of_the_new_address() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        registered(&db, &fence, &["a", "b"]).await;
        raw.run("UPDATE people SET active = false").await;
        let leavers = db.leavers(&fence.location, NOW, 9).await.unwrap();
        let leavers: Vec<_> = leavers.into_iter().map(|leaver| leaver.client_user_id).collect();
        for _ in 0..3 {
            db.leave_later(&fence, &leavers, (3, 9), NOW).await.unwrap();
        }
        // One gets another address meanwhile, the other one with coming back.
        raw.run("UPDATE people SET email = 'a@elsewhere.example' WHERE id = 'a'")
            .await;
        raw.run("UPDATE people SET active = true WHERE id = 'a'").await;
        raw.run("UPDATE people SET active = true, email = 'b@elsewhere.example' WHERE id = 'b'")
            .await;
        db.prepare_user_batches(&fence, 100, NOW + HOUR).await.unwrap();
        let told = &open(&db, &fence).await[0].users;
        let told: Vec<_> = told
            .iter()
            .map(|user| (user.email.as_str(), user.rounds))
            .collect();
        assert_eq!(told, [("a@elsewhere.example", 0), ("b@elsewhere.example", 0)]);
    });
}

#[test]
fn of_whom_apple_was_never_told_is_not_listed() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a", "b"]).await;
        db.prepare_user_batches(&fence, 100, NOW).await.unwrap();
        let batch = open(&db, &fence).await.remove(0);
        let refused = UserEnd {
            keep_error: false,
            error: Some(AppleError {
                number: 9602,
                message: "no".into(),
            }),
            ..UserEnd::done(&batch.users[1])
        };
        let unsent = UserEnd {
            wish: Some(UserWish::Create),
            ..UserEnd::done(&batch.users[0])
        };
        db.end_user_batch(&fence, batch.id, &[unsent, refused], NOW)
            .await
            .unwrap();
        join(&db, &fence, &["c"]).await;
        assert_eq!(told(&db).await.len(), 3);
        for person in ["a", "b", "c"] {
            db.delete_person(&person.into(), None, NOW).await.unwrap();
            db.retire_users(&fence, &[format!("id-{person}-invited")], NOW)
                .await
                .unwrap();
        }
        assert_eq!(told(&db).await, [], "none of them is at Apple, or will be");
    });
}

#[test]
fn another_address_is_the_latest_change_and_stays_one_when_apple_was_told() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        registered(&db, &fence, &["a", "b"]).await;
        let all = |first: &str, what, state| {
            let other = if first == "a" { "b" } else { "a" };
            [
                (first.to_owned(), what, state),
                (other.to_owned(), Telling::Register, ItemState::Done),
            ]
        };
        assert_eq!(told(&db).await, all("b", Telling::Register, ItemState::Done));
        let moved = PersonForm {
            email: "new@skola.example".to_owned(),
            ..form("a", "a")
        };
        db.change_person(&"a".into(), &moved, None, None, NOW + 10)
            .await
            .unwrap();
        assert_eq!(told(&db).await, all("a", Telling::Change, ItemState::Open));
        db.prepare_user_batches(&fence, 100, NOW + 11).await.unwrap();
        let batch = open(&db, &fence).await.remove(0);
        db.end_user_batch(&fence, batch.id, &done(&batch), NOW + 12)
            .await
            .unwrap();
        assert_eq!(told(&db).await, all("a", Telling::Change, ItemState::Done));
    });
}

#[test]
fn what_has_not_failed_is_not_tried_again() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a"]).await;
        let next = async || {
            let told = db.told(&ToldQuery::default()).await.unwrap();
            told.page.rows[0].next_try_at
        };
        assert_eq!(next().await, None);
        db.prepare_user_batches(&fence, 100, NOW).await.unwrap();
        assert_eq!(next().await, None);
        let batch = open(&db, &fence).await.remove(0);
        db.user_batch_later(&fence, batch.id, None, NOW + HOUR, Attempt::Failed)
            .await
            .unwrap();
        assert_eq!(next().await, Some(NOW + HOUR));
    });
}
