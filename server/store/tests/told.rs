//! What Apple is told of people while they change: nothing of it is lost.

use crate::{
    people::{add, form},
    setup::{NOW, app, leased, on_each, on_each_raw, operation, synced},
    users::{done, give, holder, join, joining, open, registered, seen, user},
};
use contract::{
    AppleError,
    activity::OperationKind,
    devices::DeviceForm,
    people::PersonForm,
    users::{AppleAccount, UserStatus},
};
use store::{
    Db,
    locations::Fence,
    operations::NewOperation,
    users::{BatchUser, UserBatch, UserEnd, UserWish},
};

/// The next call, about to be sent.
async fn out(db: &Db, fence: &Fence) -> UserBatch {
    db.prepare_user_batches(fence, 100, NOW).await.unwrap();
    let batch = open(db, fence).await.remove(0);
    db.user_batch_sending(fence, batch.id, NOW).await.unwrap();
    batch
}

async fn change(db: &Db, email: &str, managed: &str) {
    let form = PersonForm {
        email: email.to_owned(),
        managed_apple_account: managed.to_owned(),
        ..form("a", "a")
    };
    db.change_person(&"a".into(), &form, None, None, NOW)
        .await
        .unwrap();
}

/// Apple would not have it.
fn refused(user: &BatchUser) -> UserEnd {
    UserEnd {
        keep_error: false,
        error: Some(AppleError {
            number: 9635,
            message: "no".into(),
        }),
        ..UserEnd::done(user)
    }
}

#[test]
fn an_address_that_changes_while_the_call_is_out_is_told_afterwards() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a"]).await;
        let made = out(&db, &fence).await;
        change(&db, "new@skola.example", "").await;
        assert_eq!(
            open(&db, &fence).await[0].users[0].email,
            "a@skola.example",
            "it was sent, and is after a crash"
        );
        db.note_users(&fence, &[seen("a", UserStatus::Registered)], None, NOW)
            .await
            .unwrap();
        db.end_user_batch(&fence, made.id, &done(&made), NOW)
            .await
            .unwrap();
        let told = out(&db, &fence).await;
        assert_eq!(
            (told.kind, told.users[0].email.as_str()),
            (UserWish::Update, "new@skola.example")
        );
        // The same while that one is out.
        change(&db, "newer@skola.example", "").await;
        db.end_user_batch(&fence, told.id, &done(&told), NOW)
            .await
            .unwrap();
        let told = out(&db, &fence).await;
        assert_eq!(told.users[0].email, "newer@skola.example");
        db.end_user_batch(&fence, told.id, &done(&told), NOW)
            .await
            .unwrap();
        assert!(!user(&db, "a").await.busy, "nothing is left to be told");
    });
}

#[test]
fn an_account_that_was_corrected_meanwhile_is_not_dropped_for_the_old_ones_refusal() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        add(&db, "a", "a").await;
        change(&db, "a@skola.example", "wrong@managed.example").await;
        db.add_user(&fence.location, &joining("a", AppleAccount::Managed), NOW)
            .await
            .unwrap();
        let batch = out(&db, &fence).await;
        assert_eq!(batch.users[0].managed, "wrong@managed.example");
        change(&db, "a@skola.example", "right@managed.example").await;
        let end = UserEnd {
            wish: Some(UserWish::Create),
            drop_managed: true,
            healed: true,
            ..refused(&batch.users[0])
        };
        db.end_user_batch(&fence, batch.id, &[end], NOW).await.unwrap();
        let stored = user(&db, "a").await;
        assert_eq!(
            (stored.managed.as_str(), stored.error),
            ("right@managed.example", None)
        );
        let again = out(&db, &fence).await;
        assert_eq!((again.kind, again.users[0].healed), (UserWish::Create, false));
        assert_eq!(again.users[0].managed, "right@managed.example");
    });
}

#[test]
fn whoever_was_never_made_is_made_once_the_address_is_corrected() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a"]).await;
        let batch = out(&db, &fence).await;
        let end = UserEnd {
            healed: true,
            ..refused(&batch.users[0])
        };
        db.end_user_batch(&fence, batch.id, &[end], NOW).await.unwrap();
        assert!(user(&db, "a").await.error.is_some());
        change(&db, "right@skola.example", "").await;
        assert_eq!(user(&db, "a").await.error, None, "it said nothing of the new one");
        let batch = out(&db, &fence).await;
        assert_eq!((batch.kind, batch.users[0].healed), (UserWish::Create, false));
    });
}

#[test]
fn whoever_nothing_came_of_joins_again() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        join(&db, &fence, &["a"]).await;
        raw.run("UPDATE vpp_users SET wish = NULL").await;
        let user = joining("a", AppleAccount::Invited);
        db.add_user(&fence.location, &user, NOW).await.unwrap();
        assert_eq!(out(&db, &fence).await.kind, UserWish::Create);
        let twice = db.add_user(&fence.location, &user, NOW).await;
        assert!(twice.is_err(), "the call is out");
    });
}

#[test]
fn a3_what_a_persons_groups_and_devices_have_is_planned_when_the_person_joins() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(
            &db,
            &fence,
            &[(app(1), vec![]), (app(2), vec![]), (app(3), vec![])],
        )
        .await;
        registered(&db, &fence, &["a"]).await;
        let device = DeviceForm {
            serial: "C02Y402HLCM6".to_owned(),
            user_name: "a".to_owned(),
            ..DeviceForm::default()
        };
        db.insert_device(&"device".into(), &device, NOW).await.unwrap();
        for (asset, group) in [(ids[0], "all_people"), (ids[1], "all_devices")] {
            raw.run(&format!(
                "INSERT INTO assignments (asset, group_id, intent, kind, settings, priority, shortage, reserved,
                     created_at, created_by, changed_at)
                 VALUES ({asset}, '{group}', 0, 1, '{{}}', 1, 0, 0, 0, 'Ada', 0)"
            ))
            .await;
        }
        raw.run("DELETE FROM plan_queue; DELETE FROM group_changes").await;
        db.note_users(&fence, &[seen("a", UserStatus::Registered)], None, NOW)
            .await
            .unwrap();
        assert!(!db.queue_changed_groups().await.unwrap(), "nothing new");
        db.note_users(&fence, &[seen("a", UserStatus::Associated)], None, NOW)
            .await
            .unwrap();
        db.queue_changed_groups().await.unwrap();
        let queued = db.assets_to_plan(&fence.location, NOW, 9).await.unwrap();
        let queued: Vec<_> = queued.into_iter().map(|(asset, _)| asset).collect();
        assert_eq!(queued, ids[..2]);
    });
}

#[test]
fn d4_the_apps_of_whoever_leaves_are_known_by_device() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        registered(&db, &fence, &["a", "b"]).await;
        for (id, platform, user_name) in [
            ("mac", "macos", "a"),
            ("pad", "ipados", "a"),
            ("other", "ios", "b"),
        ] {
            let device = DeviceForm {
                serial: format!("SERIAL{}", id.to_uppercase()),
                platform: contract::devices::Platform::parse(platform).unwrap(),
                user_name: user_name.to_owned(),
                ..DeviceForm::default()
            };
            db.insert_device(&id.into(), &device, NOW).await.unwrap();
        }
        give(&db, &fence, ids[0], "a").await;
        let gone = PersonForm {
            active: false,
            ..form("a", "a")
        };
        db.change_person(&"a".into(), &gone, None, None, NOW)
            .await
            .unwrap();
        let leavers = db.leavers(&fence.location, NOW, 9).await.unwrap();
        assert_eq!(leavers.len(), 1);
        assert_eq!(leavers[0].apps_on, [(ids[0], "pad".into())]);
    });
}

#[test]
fn d4_whoever_is_back_while_being_retired_joins_when_that_is_over_and_is_not_retired_again() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        registered(&db, &fence, &["a"]).await;
        let active = async |active| {
            let form = PersonForm {
                active,
                ..form("a", "a")
            };
            db.change_person(&"a".into(), &form, None, None, NOW)
                .await
                .unwrap();
        };
        active(false).await;
        db.retire_users(&fence, &["id-a-invited".to_owned()], NOW)
            .await
            .unwrap();
        let batch = out(&db, &fence).await;
        assert_eq!(batch.kind, UserWish::Retire);
        active(true).await;
        let waits = NewOperation {
            waiting: vec![(ids[0], holder("a"))],
            ..operation(&fence, "waits", OperationKind::Assign, vec![])
        };
        db.insert_operations(&[waits], None).await.unwrap();
        let data = async || db.planning_data(&ids, &[], None).await.unwrap().people.remove(0);
        assert!(data().await.retiring);
        // A notification told of it before the call was followed.
        db.note_users(&fence, &[seen("a", UserStatus::Retired)], None, NOW)
            .await
            .unwrap();
        assert!(data().await.retiring, "the call is not over");
        let early = db
            .add_user(&fence.location, &joining("a", AppleAccount::Invited), NOW)
            .await;
        assert!(early.is_err());
        raw.run("DELETE FROM plan_queue; DELETE FROM group_changes").await;
        let again = UserEnd {
            wish: Some(UserWish::Retire),
            ..refused(&batch.users[0])
        };
        db.end_user_batch(&fence, batch.id, &[again], NOW).await.unwrap();
        assert!(!data().await.retiring);
        let queued = db.assets_to_plan(&fence.location, NOW, 9).await.unwrap();
        assert_eq!(queued.len(), 1, "who waits is planned again");
    });
}
