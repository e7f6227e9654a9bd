use crate::setup::{
    HOUR, NOW, app, batch, devices, id_of, lease, leased, location, named, on_each, operation, other_mdm,
    ours, refuse, synced, token,
};
use contract::{
    Code,
    activity::{OperationKind, OperationState},
    tokens::{SyncState, TokenQuery, TokenState},
};
use store::{
    Db, StoreError,
    checks::Doubt,
    locations::{Fence, Location},
    tokens::{NewToken, Owner, Renewal, StoredToken},
};

async fn state(db: &Db, name: &str) -> TokenState {
    db.token_detail(&id_of(name)).await.unwrap().row.state
}

fn second(of: &str, name: &str) -> NewToken {
    NewToken {
        location: location(of),
        keep_duplicate: true,
        ..token(name)
    }
}

fn renewal(file: &str) -> Renewal {
    Renewal {
        organisation: "Harbour Ltd".to_owned(),
        sealed: vec![9],
        hash: file.as_bytes().to_vec(),
        expires_at: NOW + 700 * 24 * HOUR,
        owner: ours(),
    }
}

/// Assigns one app to one device: an operation of one prepared batch.
async fn queued(db: &Db, fence: &Fence, name: &str) -> i64 {
    let ids = match db.asset_list(&Default::default()).await.unwrap().rows.first() {
        Some(row) => vec![row.id],
        None => synced(db, fence, &[(app(1), vec![])]).await,
    };
    let device: u32 = name.bytes().map(u32::from).sum();
    let new = operation(
        fence,
        name,
        OperationKind::Assign,
        vec![batch(&ids, &devices(device..device + 1))],
    );
    db.insert_operations(&[new], None).await.unwrap();
    db.open_batches(fence, NOW + HOUR, 9)
        .await
        .unwrap()
        .last()
        .unwrap()
        .id
}

async fn standing(db: &Db, operation: &str) -> (OperationState, Option<Code>) {
    let row = db.operation(&operation.into()).await.unwrap();
    (row.state, row.fault.map(|fault| fault.code))
}

#[test]
fn t5_a_lost_location_has_its_operations_wait_until_it_is_taken_back() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let id = id_of("A");
        assert!(
            !db.note_owner(&id, &ours(), NOW + 1).await.unwrap(),
            "valid as before"
        );
        assert_eq!(db.token_detail(&id).await.unwrap().claimed_at, Some(NOW + 1));
        let sent = queued(&db, &fence, "sent").await;
        db.batch_sent(&fence, sent, "event", NOW).await.unwrap();
        queued(&db, &fence, "queued").await;

        assert!(db.note_owner(&id, &other_mdm(), NOW + 2).await.unwrap());
        let lost = TokenState::AssignedToExternalMdm {
            mdm: "Other MDM".to_owned(),
        };
        assert_eq!(state(&db, "A").await, lost);
        assert_eq!(
            standing(&db, "queued").await,
            (OperationState::Blocked, Some(Code::OwnedByOtherMdm))
        );
        // What Apple has accepted already is followed to its end.
        assert_eq!(standing(&db, "sent").await, (OperationState::Running, None));
        let open = db.open_batches(&fence, NOW + HOUR, 9).await.unwrap();
        assert_eq!(open.iter().map(|batch| batch.id).collect::<Vec<_>>(), [sent]);
        let detail = db.token_detail(&id).await.unwrap();
        assert_eq!((detail.operations_open, detail.operations_blocked), (2, 1));
        assert_eq!(detail.claimed_at, Some(NOW + 1), "it was ours once");
        assert!(
            !db.note_owner(&id, &other_mdm(), NOW + 3).await.unwrap(),
            "told once"
        );
        assert_eq!(
            db.location(&fence.location).await.unwrap().unwrap().owner,
            other_mdm().mdm
        );

        assert!(db.note_owner(&id, &ours(), NOW + 4).await.unwrap());
        assert_eq!(state(&db, "A").await, TokenState::Valid);
        assert_eq!(standing(&db, "queued").await, (OperationState::Running, None));
        assert_eq!(db.open_batches(&fence, NOW + HOUR, 9).await.unwrap().len(), 2);
        assert!(matches!(
            db.note_owner(&id_of("X"), &Owner::default(), NOW).await,
            Err(StoreError::NotFound)
        ));
    });
}

#[test]
fn t3_a_refused_token_has_operations_wait_with_the_reason() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        queued(&db, &fence, "op").await;
        for (dead, code) in [
            (TokenState::Expired, Code::TokenExpired),
            (TokenState::Unknown, Code::TokenUnknown),
            (TokenState::Revoked, Code::TokenRevoked),
        ] {
            refuse(&db, "A", dead.clone()).await;
            assert_eq!(state(&db, "A").await, dead);
            assert_eq!(standing(&db, "op").await, (OperationState::Blocked, Some(code)));
            let query = TokenQuery {
                state: dead.as_str().to_owned(),
                ..TokenQuery::default()
            };
            assert_eq!(db.token_list(&query).await.unwrap().rows.len(), 1);
        }
        assert!(
            db.note_owner(&id_of("A"), &ours(), NOW).await.unwrap(),
            "Apple took it after all"
        );
        assert_eq!(standing(&db, "op").await, (OperationState::Running, None));
    });
}

#[test]
fn t4_what_is_in_doubt_is_read_while_two_tokens_are_duplicates() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        db.insert_token(&second("A", "B")).await.unwrap();
        let doubt = Doubt {
            key: app(1).key,
            holders: true,
        };
        db.add_doubts(&fence, &[doubt], NOW + 2 * HOUR).await.unwrap();
        db.release_lease(&fence).await.unwrap();
        assert_eq!(db.next_due(NOW + HOUR).await.unwrap(), Some(NOW + 2 * HOUR));
    });
}

#[test]
fn t4_two_tokens_of_a_location_are_duplicates_until_one_goes() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        db.insert_token(&second("A", "B")).await.unwrap();
        for (name, twin) in [("A", "B"), ("B", "A")] {
            assert_eq!(state(&db, name).await, TokenState::Duplicate);
            let detail = db.token_detail(&id_of(name)).await.unwrap();
            assert_eq!(detail.twins, [(id_of(twin), twin.to_owned())]);
        }
        assert!(db.queue_sync_all(NOW).await.unwrap().is_empty());
        // Another MDM counts more, and being a duplicate comes back with the location.
        db.note_owner(&id_of("B"), &other_mdm(), NOW).await.unwrap();
        assert_eq!(state(&db, "A").await.as_str(), "assigned_to_external_mdm");
        db.note_owner(&id_of("A"), &ours(), NOW).await.unwrap();
        assert_eq!(
            (state(&db, "A").await, state(&db, "B").await),
            (TokenState::Duplicate, TokenState::Duplicate)
        );
        // One is refused: the other goes on with the work.
        queued(&db, &fence, "op").await;
        refuse(&db, "B", TokenState::Revoked).await;
        assert_eq!(standing(&db, "op").await.0, OperationState::Queued);
        assert_eq!(db.tokens_of(&fence.location).await.unwrap()[0].id, id_of("A"));

        let deleted = db.delete_token(&id_of("B"), "Ada", NOW + HOUR).await.unwrap();
        assert!(!deleted.last);
        let detail = db.token_detail(&id_of("A")).await.unwrap();
        assert_eq!(
            (detail.row.state, detail.row.sync),
            (TokenState::Valid, SyncState::Queued)
        );
        assert_eq!(
            (detail.row.apps, detail.row.used),
            (1, 2),
            "apps and licences stay"
        );
        assert!(detail.twins.is_empty());
    });
}

#[test]
fn t6_a_renewal_keeps_everything_and_lets_what_waited_go_on() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        db.insert_token(&token("B")).await.unwrap();
        queued(&db, &fence, "op").await;
        let old = db.tokens_of(&fence.location).await.unwrap().remove(0);
        refuse(&db, "A", TokenState::Expired).await;

        assert!(matches!(
            db.renew_token(&id_of("A"), &renewal("B"), NOW).await,
            Err(StoreError::Taken(Code::TokenAlreadyHere))
        ));
        assert_eq!(state(&db, "A").await, TokenState::Expired, "nothing has changed");
        let location = db
            .renew_token(&id_of("A"), &renewal("new"), NOW + 9)
            .await
            .unwrap();
        assert_eq!(location, fence.location);
        let detail = db.token_detail(&id_of("A")).await.unwrap();
        assert_eq!(
            (detail.row.state, detail.row.sync),
            (TokenState::Valid, SyncState::Queued)
        );
        assert_eq!((detail.row.name.as_str(), detail.row.used), ("A", 2));
        assert_eq!(detail.row.expires_at, NOW + 700 * 24 * HOUR);
        assert_eq!(standing(&db, "op").await, (OperationState::Running, None));
        let stored = db.token_by_hash(b"new").await.unwrap().unwrap();
        assert_eq!((stored.id.clone(), stored.sealed), (id_of("A"), vec![9]));
        assert!(db.token_by_hash(b"A").await.unwrap().is_none());

        // A sync that was under way with the old file fails: the next one does not wait.
        db.begin_sync(&fence, NOW + 10).await.unwrap();
        db.renew_token(&id_of("A"), &renewal("newest"), NOW + 20)
            .await
            .unwrap();
        db.fail_sync(&fence, &Code::TokenRevoked.into(), NOW + 21, NOW + HOUR)
            .await
            .unwrap();
        assert_eq!(
            db.token_detail(&id_of("A")).await.unwrap().next_sync_at,
            Some(NOW + 20)
        );
        db.renew_token(&id_of("A"), &renewal("new"), NOW + 22)
            .await
            .unwrap();

        // What Apple says of the old file says nothing of the new one.
        assert!(!db.refuse_token(&old, &TokenState::Revoked, NOW).await.unwrap());
        db.set_token_expiry(&old, NOW).await.unwrap();
        let detail = db.token_detail(&id_of("A")).await.unwrap();
        assert_eq!(detail.row.state, TokenState::Valid);
        assert_eq!(detail.row.expires_at, NOW + 700 * 24 * HOUR);
        assert!(matches!(
            db.renew_token(&id_of("X"), &renewal("x"), NOW).await,
            Err(StoreError::NotFound)
        ));
        db.renew_token(&id_of("A"), &renewal("new"), NOW + 10)
            .await
            .unwrap();
    });
}

#[test]
fn t7_a_location_that_moves_to_another_store_takes_its_tokens_along() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        db.describe_assets(&fence, &[(ids[0], None)], NOW).await.unwrap();
        let due = async || db.assets_to_describe(&fence, NOW, 9).await.unwrap().len();
        let country = async || db.token_detail(&id_of("A")).await.unwrap().row.country;
        let move_to = async |to: &str| {
            let moved = Location {
                id: fence.location.clone(),
                country: to.to_owned(),
                ..location("A")
            };
            db.note_location(&fence, &moved).await.unwrap();
        };
        move_to("SE").await;
        assert_eq!(due().await, 0, "the same store as before");
        move_to("NL").await;
        assert_eq!((country().await.as_str(), due().await), ("NL", 1));
        // Chosen by somebody: it stays.
        let mut form = contract::tokens::EditToken {
            name: "A".to_owned(),
            apple_account: "a@example.com".to_owned(),
            country: "DE".to_owned(),
            account_type: contract::tokens::AccountType::Business,
            automatic_updates: true,
            sync_hours: 12,
        };
        db.edit_token(&id_of("A"), &form).await.unwrap();
        db.describe_assets(&fence, &[(ids[0], None)], NOW).await.unwrap();
        move_to("DK").await;
        assert_eq!((country().await.as_str(), due().await), ("DE", 0));
        form.country = "DK".to_owned();
        db.edit_token(&id_of("A"), &form).await.unwrap();
        move_to("NO").await;
        assert_eq!((country().await.as_str(), due().await), ("NO", 1));
    });
}

#[test]
fn c5_an_app_that_the_store_does_not_have_keeps_what_was_known_of_it() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let known = async || {
            let row = db.asset_detail(ids[0]).await.unwrap().row;
            (row.name, row.missing_since)
        };
        let look = async |found, at| db.describe_assets(&fence, &[(ids[0], found)], at).await.unwrap();
        look(Some(named("Maps")), NOW).await;
        assert_eq!(known().await, ("Maps".to_owned(), None));
        look(None, NOW + 5).await;
        look(None, NOW + 6).await;
        assert_eq!(
            known().await,
            ("Maps".to_owned(), Some(NOW + 5)),
            "since the first time"
        );
        look(Some(named("Charts")), NOW + 7).await;
        assert_eq!(known().await, ("Charts".to_owned(), None));
    });
}

#[test]
fn a_location_that_came_back_is_synced_anew() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[(app(1), devices(0..2))]).await;
        db.delete_token(&id_of("A"), "Ada", NOW + HOUR).await.unwrap();
        assert!(
            db.lease_next("w", NOW + 99 * HOUR, NOW + 100 * HOUR)
                .await
                .unwrap()
                .is_none()
        );
        let again = NewToken {
            location: location("A"),
            ..token("C")
        };
        assert_eq!(db.insert_token(&again).await.unwrap(), fence.location);
        let fence = lease(&db, &fence.location, NOW + HOUR).await;
        synced(&db, &fence, &[(app(1), devices(0..3))]).await;
        let detail = db.token_detail(&id_of("C")).await.unwrap();
        assert_eq!((detail.row.apps, detail.row.used), (1, 3));
    });
}

#[test]
fn t6_a_renewal_lets_operations_go_on_that_something_else_about_the_token_blocked() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        queued(&db, &fence, "op").await;
        // Such as 9637: the token may only read. Its state is as good as before.
        let refused = Code::AppleRefused.into();
        db.halt_operation(&fence, &"op".into(), OperationState::Blocked, &refused)
            .await
            .unwrap();
        let before = stored(&db, &fence).await;
        for (read_only, new) in [(true, true), (true, false), (false, true), (true, true)] {
            assert_eq!(db.note_read_only(&before, read_only).await.unwrap(), new);
            assert_eq!(stored(&db, &fence).await.read_only, read_only);
        }
        let summary = db.summary(NOW, 5).await.unwrap();
        assert_eq!(summary.tokens_needing_action.len(), 1);
        assert_eq!(db.badges(NOW).await.unwrap().tokens_needing_action, 1);
        db.renew_token(&id_of("A"), &renewal("newer"), NOW + 5)
            .await
            .unwrap();
        assert_eq!(standing(&db, "op").await, (OperationState::Running, None));
        assert!(!stored(&db, &fence).await.read_only);
        // Apple's answer to the token before says nothing of the newer one.
        assert!(!db.note_read_only(&before, true).await.unwrap());
    });
}

async fn stored(db: &Db, fence: &Fence) -> StoredToken {
    db.tokens_of(&fence.location).await.unwrap().remove(0)
}

#[test]
fn t3_an_expired_token_has_expired_today_at_the_latest() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let new = operation(
            &fence,
            "op",
            OperationKind::Assign,
            vec![batch(&ids, &devices(0..1))],
        );
        db.insert_operations(&[new], None).await.unwrap();
        let date = async || {
            let row = db.operation(&"op".into()).await.unwrap();
            row.fault.unwrap().with["date"].clone()
        };
        // Apple says so long before the day in the file.
        refuse(&db, "A", TokenState::Expired).await;
        assert_eq!(date().await, "2027-01-15");
        // Long after that day: it is the day that counts.
        let token = db.tokens_of(&fence.location).await.unwrap().remove(0);
        let later = token.expires_at + 1000 * HOUR;
        db.refuse_token(&token, &TokenState::Expired, later)
            .await
            .unwrap();
        assert_eq!(date().await, "2028-01-15");
    });
}
