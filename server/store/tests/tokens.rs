use crate::setup::{
    DAY, HOUR, NOW, app, devices, id_of, lease, leased, location, on_each, refuse, synced, token, walk,
    walk_with,
};
use contract::{
    Code, Direction, Fault, PageQuery,
    tokens::{EditToken, SyncProgress, SyncStage, SyncState, TokenQuery, TokenSort, TokenState},
};
use store::{Db, StoreError, tokens::NewToken};

fn form(name: &str) -> EditToken {
    EditToken {
        name: name.to_owned(),
        apple_account: "new@example.com".to_owned(),
        country: "NL".to_owned(),
        account_type: contract::tokens::AccountType::Education,
        automatic_updates: false,
        sync_hours: 3,
    }
}

async fn names(db: &Db, query: &TokenQuery) -> Vec<String> {
    let rows = walk_with(
        PageQuery {
            rows: Some(3),
            ..query.page.clone()
        },
        async |page| {
            db.token_list(&TokenQuery {
                page,
                ..query.clone()
            })
            .await
        },
    );
    rows.await.into_iter().map(|row| row.name).collect()
}

#[test]
fn t1_a_token_is_stored_with_its_location_and_a_sync_queued() {
    on_each(|db| async move {
        let location = db.insert_token(&token("A")).await.unwrap();
        let detail = db.token_detail(&id_of("A")).await.unwrap();
        assert_eq!(detail.row.location, location);
        assert_eq!(detail.row.sync, SyncState::Queued);
        assert_eq!(detail.row.state, TokenState::Valid);
        assert_eq!(
            (detail.uid.as_str(), detail.sync_hours, detail.next_sync_at),
            ("uid-A", 12, Some(NOW))
        );
        assert_eq!(db.location(&location).await.unwrap().unwrap().name, "A");
        assert_eq!(db.location_by_uid("uid-A").await.unwrap().unwrap().id, location);
        let stored = db.token_by_hash(b"A").await.unwrap().unwrap();
        assert_eq!((stored.sealed, stored.name), (vec![1, 2, 3], "A".to_owned()));
        assert_eq!(db.tokens_of(&location).await.unwrap().len(), 1);
        let names = db.location_names(9, None).await.unwrap();
        assert_eq!(names, [(location, "A".to_owned())]);
    });
}

#[test]
fn t4_the_same_file_location_or_name_is_refused_and_nothing_is_written() {
    on_each(|db| async move {
        db.insert_token(&token("A")).await.unwrap();
        let try_token = async |token: NewToken| match db.insert_token(&token).await {
            Err(StoreError::Taken(code)) => code,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            try_token(NewToken {
                hash: b"A".to_vec(),
                ..token("B")
            })
            .await,
            Code::TokenAlreadyHere
        );
        assert_eq!(
            try_token(NewToken {
                location: location("A"),
                ..token("B")
            })
            .await,
            Code::LocationAlreadyHere
        );
        assert_eq!(
            try_token(NewToken {
                name: "a".to_owned(),
                ..token("B")
            })
            .await,
            Code::NameTaken
        );
        assert!(db.location_by_uid("uid-B").await.unwrap().is_none());
        assert!(matches!(
            db.token_detail(&id_of("B")).await,
            Err(StoreError::NotFound)
        ));
        db.insert_token(&token("B")).await.unwrap();
    });
}

#[test]
fn an_edit_keeps_names_apart_and_moves_the_next_sync() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        db.insert_token(&token("B")).await.unwrap();
        synced(&db, &fence, &[(app(1), devices(0..1))]).await;
        assert!(matches!(
            db.edit_token(&id_of("A"), &form("b")).await,
            Err(StoreError::Taken(Code::NameTaken))
        ));
        db.edit_token(&id_of("A"), &form("C")).await.unwrap();
        let detail = db.token_detail(&id_of("A")).await.unwrap();
        assert_eq!(
            (detail.row.name.as_str(), detail.row.country.as_str()),
            ("C", "NL")
        );
        assert_eq!(
            (detail.sync_hours, detail.next_sync_at),
            (3, Some(NOW + 1000 + 3 * HOUR))
        );
        assert!(matches!(
            db.edit_token(&id_of("X"), &form("D")).await,
            Err(StoreError::NotFound)
        ));
        let search = TokenQuery {
            search: "NEW@".to_owned(),
            ..TokenQuery::default()
        };
        assert_eq!(names(&db, &search).await, ["C"]);
    });
}

#[test]
fn t7_another_country_has_all_metadata_read_again() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        db.describe_assets(&fence, &[(ids[0], None)], NOW).await.unwrap();
        assert!(db.assets_to_describe(&fence, NOW, 9).await.unwrap().is_empty());
        db.edit_token(&id_of("A"), &form("A")).await.unwrap();
        assert_eq!(db.assets_to_describe(&fence, NOW, 9).await.unwrap().len(), 1);
    });
}

#[test]
fn t9_each_order_of_the_list_is_walked_both_ways() {
    on_each(|db| async move {
        for (n, name) in ["delta", "Alpha", "älv", "Charlie", "bravo", "echo", "foxtrot"]
            .iter()
            .enumerate()
        {
            let mut token = token(name);
            token.expires_at = NOW + DAY * (n as i64 % 3);
            let location = db.insert_token(&token).await.unwrap();
            if n < 3 {
                let fence = lease(&db, &location, NOW).await;
                let holders = devices(0..(n as u32 + 1));
                synced(&db, &fence, &[(app(1), holders)]).await;
            } else {
                // Taken out of the way, so that the next one is leased.
                lease(&db, &location, NOW).await;
            }
        }
        let by = |sort, direction| TokenQuery {
            sort,
            page: PageQuery {
                direction,
                ..PageQuery::default()
            },
            ..TokenQuery::default()
        };
        let up = ["Alpha", "bravo", "Charlie", "delta", "echo", "foxtrot", "älv"];
        assert_eq!(names(&db, &by(TokenSort::Name, Direction::Up)).await, up);
        assert_eq!(names(&db, &by(TokenSort::Location, Direction::Up)).await, up);
        let mut down = names(&db, &by(TokenSort::Name, Direction::Down)).await;
        down.reverse();
        assert_eq!(down, up);
        assert_eq!(
            names(&db, &by(TokenSort::Used, Direction::Down)).await[..3],
            ["älv", "Alpha", "delta"]
        );
        assert_eq!(names(&db, &by(TokenSort::LastSync, Direction::Up)).await.len(), 7);
        let expires = names(&db, &by(TokenSort::Expires, Direction::Up)).await;
        assert_eq!(expires.len(), 7);
        assert!(["delta", "Charlie", "foxtrot"].contains(&expires[0].as_str()));
        let search = TokenQuery {
            search: "ÄL".to_owned(),
            ..TokenQuery::default()
        };
        assert_eq!(names(&db, &search).await, ["älv"]);
    });
}

#[test]
fn a_cursor_of_another_list_is_refused() {
    on_each(|db| async move {
        for name in ["A", "B", "C"] {
            db.insert_token(&token(name)).await.unwrap();
        }
        let page = PageQuery {
            rows: Some(1),
            ..PageQuery::default()
        };
        let first = db
            .token_list(&TokenQuery {
                page,
                ..TokenQuery::default()
            })
            .await
            .unwrap();
        let page = PageQuery {
            cursor: first.next.clone(),
            ..PageQuery::default()
        };
        let other = TokenQuery {
            sort: TokenSort::Location,
            page: page.clone(),
            ..TokenQuery::default()
        };
        assert!(matches!(db.token_list(&other).await, Err(StoreError::Cursor)));
        assert!(matches!(
            db.asset_list(&contract::catalog::AssetQuery {
                page,
                ..Default::default()
            })
            .await,
            Err(StoreError::Cursor)
        ));
        let page = PageQuery {
            cursor: Some("no cursor".to_owned()),
            ..PageQuery::default()
        };
        let nonsense = TokenQuery {
            page,
            ..TokenQuery::default()
        };
        assert!(matches!(db.token_list(&nonsense).await, Err(StoreError::Cursor)));
    });
}

#[test]
fn t9_a_token_shows_the_sums_of_its_location() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut book = app(3);
        book.product = contract::catalog::ProductType::Book;
        synced(
            &db,
            &fence,
            &[(app(1), devices(0..3)), (app(2), devices(0..4)), (book, vec![])],
        )
        .await;
        let rows = walk(async |page| {
            db.token_list(&TokenQuery {
                page,
                ..TokenQuery::default()
            })
            .await
        })
        .await;
        assert_eq!((rows[0].apps, rows[0].used, rows[0].total), (3, 7, 30));
        assert_eq!(rows[0].synced_at, Some(NOW + 1000));
    });
}

#[test]
fn s1_a_sync_is_queued_once() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let invalid = db.insert_token(&token("B")).await.unwrap();
        refuse(&db, "B", TokenState::Expired).await;
        db.begin_sync(&fence, NOW).await.unwrap();
        // One is running: nothing happens.
        assert_eq!(db.queue_sync(&id_of("A"), NOW + 5).await.unwrap(), fence.location);
        assert!(matches!(
            db.sync_state(&fence.location).await.unwrap(),
            SyncState::InProgress { .. }
        ));
        db.fail_sync(&fence, &Fault::new(Code::AppleBusy), NOW + 6, NOW + HOUR)
            .await
            .unwrap();
        let queued = db.queue_sync_all(NOW + 7).await.unwrap();
        assert_eq!(queued, std::slice::from_ref(&fence.location));
        assert_eq!(db.sync_state(&fence.location).await.unwrap(), SyncState::Queued);
        assert_eq!(
            db.token_detail(&id_of("A")).await.unwrap().next_sync_at,
            Some(NOW + 7)
        );
        assert_eq!(db.sync_state(&invalid).await.unwrap(), SyncState::Queued);
        assert!(matches!(
            db.queue_sync(&"token-X".into(), NOW).await,
            Err(StoreError::NotFound)
        ));
    });
}

#[test]
fn s1_the_newest_ten_runs_are_shown_with_progress_and_result() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        for n in 0..12 {
            db.begin_sync(&fence, NOW + n).await.unwrap();
            db.fail_sync(&fence, &Fault::new(Code::AppleBusy), NOW + n + 1, NOW + n)
                .await
                .unwrap();
        }
        db.begin_sync(&fence, NOW + 100).await.unwrap();
        let progress = SyncProgress {
            stage: SyncStage::Assignments,
            pages: 3,
            percent: 40,
            ..SyncProgress::default()
        };
        db.sync_progress(&fence, progress).await.unwrap();
        let runs = db.sync_runs(&fence.location).await.unwrap();
        assert_eq!(runs.len(), 10);
        assert_eq!(runs[0].state, SyncState::InProgress { progress });
        assert_eq!(runs[1].started_at, NOW + 11);
        let fault = Fault::new(Code::AppleBusy);
        assert_eq!(
            runs[1].state,
            SyncState::Failed {
                finished_at: NOW + 12,
                fault
            }
        );
    });
}

#[test]
fn s4_a_first_sync_waits_for_the_claim_and_is_brought_forward_by_it() {
    on_each(|db| async move {
        let mut new = token("A");
        new.syncs_at = NOW + HOUR;
        db.insert_token(&new).await.unwrap();
        let next = async |at| db.lease_next("worker", at, at + HOUR).await.unwrap();
        assert!(next(NOW).await.is_none());
        db.queue_sync(&new.id, NOW + 1).await.unwrap();
        // Asking again, or for later, puts nothing off.
        db.queue_sync(&new.id, NOW + 2 * HOUR).await.unwrap();
        assert!(next(NOW + 1).await.is_some_and(|leased| leased.sync_due));

        let mut late = token("B");
        late.syncs_at = NOW + HOUR;
        db.insert_token(&late).await.unwrap();
        assert!(next(NOW + HOUR - 1).await.is_none());
        assert!(next(NOW + HOUR).await.is_some());
    });
}
