use crate::setup::{
    DAY, HOUR, NOW, app, device, devices, lease, leased, location, named, on_each, synced, token, used,
    walk_with,
};
use contract::{
    AssetId, Code, Direction, PageQuery,
    catalog::{AssetQuery, AssetSort, Counts, Level, ProductRow, ProductType, VersionRow},
};
use store::{Db, StoreError, locations::Fence, metadata::AssetMetadata, sync::AppleAsset};

async fn names(db: &Db, query: &AssetQuery) -> Vec<String> {
    let rows = walk_with(
        PageQuery {
            rows: Some(3),
            ..query.page.clone()
        },
        async |page| {
            db.asset_list(&AssetQuery {
                page,
                ..query.clone()
            })
            .await
        },
    );
    rows.await.into_iter().map(|row| row.name).collect()
}

/// Apps of these names, the first with one licence used, the second with two, and so on.
async fn with(db: &Db, fence: &Fence, apps: &[(&str, AppleAsset)]) -> Vec<AssetId> {
    let assets: Vec<_> = apps
        .iter()
        .enumerate()
        .map(|(n, (_, app))| (app.clone(), (0..=n as u32).map(device).collect()))
        .collect();
    let ids = synced(db, fence, &assets).await;
    let described: Vec<_> = ids
        .iter()
        .zip(apps)
        .map(|(id, (name, _))| (*id, Some(named(name))))
        .collect();
    db.describe_assets(fence, &described, NOW).await.unwrap();
    ids
}

#[test]
fn c6_each_order_of_the_list_is_walked_both_ways() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let given = ["Élan", "maps", "Notes", "anvil", "Zebra", "Maps", "Bow"];
        let apps: Vec<_> = given.iter().zip(1..).map(|(name, n)| (*name, app(n))).collect();
        with(&db, &fence, &apps).await;
        for direction in [Direction::Up, Direction::Down] {
            let by = |sort| AssetQuery {
                sort,
                page: PageQuery {
                    direction,
                    ..PageQuery::default()
                },
                ..AssetQuery::default()
            };
            let mut name = names(&db, &by(AssetSort::Name)).await;
            let mut used = names(&db, &by(AssetSort::Used)).await;
            let mut available = names(&db, &by(AssetSort::Available)).await;
            assert_eq!(names(&db, &by(AssetSort::Total)).await.len(), 7);
            if direction == Direction::Down {
                for list in [&mut name, &mut used, &mut available] {
                    list.reverse();
                }
            }
            assert_eq!(name, ["anvil", "Bow", "maps", "Maps", "Notes", "Zebra", "Élan"]);
            assert_eq!(used, given);
            available.reverse();
            assert_eq!(available, given);
        }
    });
}

#[test]
fn c6_filters_work_alone_and_together() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut book = app(2);
        book.product = ProductType::Book;
        let mut mac = app(3);
        mac.platforms = vec!["macOS".to_owned()];
        let mut out = app(4);
        (out.total, out.available) = (4, 0);
        let mut free = app(5);
        free.unlimited = true;
        let apps = [
            ("Maps", app(1)),
            ("Map Book", book),
            ("Éditeur", mac),
            ("Gone", out),
            ("Free", free),
        ];
        with(&db, &fence, &apps).await;
        let find = async |query: AssetQuery| names(&db, &query).await;
        let all = AssetQuery::default;
        assert_eq!(
            find(AssetQuery {
                search: "MAP".to_owned(),
                ..all()
            })
            .await,
            ["Maps"]
        );
        assert_eq!(
            find(AssetQuery {
                search: "édit".to_owned(),
                ..all()
            })
            .await,
            ["Éditeur"]
        );
        assert_eq!(
            find(AssetQuery {
                search: "com.example.g".to_owned(),
                ..all()
            })
            .await,
            ["Gone"]
        );
        assert_eq!(
            find(AssetQuery {
                search: "orchard".to_owned(),
                ..all()
            })
            .await
            .len(),
            4
        );
        assert_eq!(
            find(AssetQuery {
                search: "400000003".to_owned(),
                ..all()
            })
            .await,
            ["Éditeur"]
        );
        assert!(
            find(AssetQuery {
                search: "40000000".to_owned(),
                ..all()
            })
            .await
            .is_empty()
        );
        assert!(
            find(AssetQuery {
                search: "%".to_owned(),
                ..all()
            })
            .await
            .is_empty()
        );
        assert_eq!(
            find(AssetQuery {
                product: ProductType::Book,
                ..all()
            })
            .await,
            ["Map Book"]
        );
        assert_eq!(
            find(AssetQuery {
                platform: "iOS".to_owned(),
                ..all()
            })
            .await
            .len(),
            3
        );
        assert_eq!(
            find(AssetQuery {
                platform: "OS".to_owned(),
                ..all()
            })
            .await
            .len(),
            0
        );
        assert_eq!(
            find(AssetQuery {
                level: Some(Level::Out),
                ..all()
            })
            .await,
            ["Gone"]
        );
        assert_eq!(
            find(AssetQuery {
                level: Some(Level::Unlimited),
                ..all()
            })
            .await,
            ["Free"]
        );
        assert_eq!(
            find(AssetQuery {
                custom: Some(true),
                ..all()
            })
            .await
            .len(),
            0
        );
        assert_eq!(
            find(AssetQuery {
                custom: Some(false),
                ..all()
            })
            .await
            .len(),
            4
        );
        let location = Some(fence.location.clone());
        assert_eq!(
            find(AssetQuery {
                location: location.clone(),
                ..all()
            })
            .await
            .len(),
            4
        );
        let both = AssetQuery {
            location,
            search: "map".to_owned(),
            platform: "macOS".to_owned(),
            ..all()
        };
        assert_eq!(find(both).await, ["Maps"]);
        assert!(
            find(AssetQuery {
                location: Some("x".into()),
                ..all()
            })
            .await
            .is_empty()
        );
    });
}

#[test]
fn the_stored_level_is_the_contracts() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut apps = Vec::new();
        for (total, available, unlimited) in [
            (0, 0, false),
            (10, 10, false),
            (10, 1, false),
            (10, 2, false),
            (10, 0, false),
            (5, -1, false),
            (0, 0, true),
        ] {
            let mut app = app(apps.len() as u32 + 1);
            (app.total, app.available, app.assigned, app.unlimited) =
                (total, available, total - available, unlimited);
            apps.push(app);
        }
        db.begin_sync(&fence, NOW).await.unwrap();
        let ids = db.insert_assets(&fence, &apps, NOW).await.unwrap();
        let publish = store::sync::Publish {
            finished_at: NOW,
            assets: ids.iter().copied().zip(apps.clone()).collect(),
            digests: vec![],
            assignments: 0,
            added: 0,
            removed: 0,
            app_errors: 0,
        };
        db.publish_sync(&fence, &publish).await.unwrap();
        for level in [
            Level::Unused,
            Level::Enough,
            Level::Low,
            Level::Out,
            Level::Unlimited,
        ] {
            let found = db
                .asset_list(&AssetQuery {
                    level: Some(level),
                    ..AssetQuery::default()
                })
                .await
                .unwrap();
            let expected = apps
                .iter()
                .filter(|app| Level::of(app.total, app.available, app.unlimited) == level)
                .count();
            assert_eq!(found.rows.len(), expected, "{level:?}");
            assert!(found.rows.iter().all(|row| row.level == level));
        }
    });
}

#[test]
fn assets_come_in_the_order_asked_for() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = with(&db, &fence, &[("Maps", app(1)), ("Notes", app(2))]).await;
        let found = db.assets(&[ids[1], AssetId(999), ids[0]]).await.unwrap();
        assert_eq!(
            found.iter().map(|asset| asset.id).collect::<Vec<_>>(),
            [ids[1], ids[0]]
        );
        assert_eq!(
            (found[0].location_name.as_str(), found[0].key.clone()),
            ("A", app(2).key)
        );
        assert_eq!(found[0].counts.used, 2);
        assert_eq!(
            found[0].icon.as_deref(),
            Some("https://example.com/128x128bb.png")
        );
    });
}

#[test]
fn c2_the_same_app_of_two_locations_is_two_rows() {
    on_each(|db| async move {
        for name in ["A", "B"] {
            let fence = leased(&db, name).await;
            with(&db, &fence, &[("Maps", used(app(1), 0))]).await;
        }
        assert_eq!(names(&db, &AssetQuery::default()).await, ["Maps", "Maps"]);
        let names = async |most, always| {
            let named = db.location_names(most, always).await.unwrap();
            named.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
        };
        let (a, b) = (location("A").id, location("B").id);
        assert_eq!(names(9, None).await, [a.clone(), b.clone()]);
        assert_eq!(names(1, None).await.as_slice(), std::slice::from_ref(&a));
        assert_eq!(names(1, Some(&a)).await.as_slice(), std::slice::from_ref(&a));
        assert_eq!(names(1, Some(&b)).await, [a, b]);
        assert!(db.insert_token(&token("B")).await.is_err());
    });
}

async fn products(db: &Db, query: &AssetQuery) -> Vec<ProductRow> {
    walk_with(
        PageQuery {
            rows: Some(2),
            ..query.page.clone()
        },
        async |page| {
            db.product_list(&AssetQuery {
                page,
                ..query.clone()
            })
            .await
        },
    )
    .await
}

#[test]
fn c2_one_row_an_app_sums_up_all_locations() {
    on_each(|db| async move {
        let first = leased(&db, "A").await;
        let ids = with(
            &db,
            &first,
            &[("Maps", app(1)), ("anvil", app(2)), ("Zebra", app(3))],
        )
        .await;
        let second = leased(&db, "B").await;
        let mut free = app(3);
        free.unlimited = true;
        with(&db, &second, &[("Cards", app(1)), ("Free", free)]).await;
        let all = AssetQuery::default();
        let rows = products(&db, &all).await;
        let short: Vec<_> = rows
            .iter()
            .map(|row| (row.name.as_str(), row.locations, row.counts.used, row.level))
            .collect();
        assert_eq!(
            short,
            [
                ("anvil", 1, 2, Level::Enough),
                ("Maps", 2, 2, Level::Enough),
                ("Zebra", 2, 5, Level::Unlimited),
            ]
        );
        let maps = &rows[1];
        assert_eq!((maps.first, maps.adam_id.as_str()), (ids[0], "400000001"));
        assert_eq!(
            maps.counts,
            Counts {
                total: 20,
                used: 2,
                available: 18,
                ..Counts::default()
            }
        );
        assert_eq!(maps.counted_at, NOW + 1000);
        let narrowed = async |query: AssetQuery| {
            let rows = products(&db, &query).await;
            rows.into_iter()
                .map(|row| (row.name, row.locations))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            narrowed(AssetQuery {
                location: Some(second.location.clone()),
                ..all.clone()
            })
            .await,
            [("Cards".to_owned(), 1), ("Free".to_owned(), 1)]
        );
        assert_eq!(
            narrowed(AssetQuery {
                level: Some(Level::Unlimited),
                ..all.clone()
            })
            .await,
            [("Zebra".to_owned(), 2)]
        );
        db.describe_assets(&first, &[(ids[2], None)], NOW).await.unwrap();
        let gone = AssetQuery {
            missing: true,
            ..all.clone()
        };
        let missing: Vec<_> = products(&db, &gone)
            .await
            .into_iter()
            .map(|row| (row.name, row.missing))
            .collect();
        assert_eq!(missing, [("Zebra".to_owned(), 1)]);
        assert_eq!(names(&db, &gone).await, ["Zebra"]);
        for sort in [AssetSort::Used, AssetSort::Available, AssetSort::Total] {
            for direction in [Direction::Up, Direction::Down] {
                let page = PageQuery {
                    direction,
                    ..PageQuery::default()
                };
                let rows = products(
                    &db,
                    &AssetQuery {
                        sort,
                        page,
                        ..all.clone()
                    },
                )
                .await;
                let mut numbers: Vec<_> = rows
                    .iter()
                    .map(|row| match sort {
                        AssetSort::Used => row.counts.used,
                        AssetSort::Available => row.counts.available,
                        AssetSort::Name | AssetSort::Total => row.counts.total,
                    })
                    .collect();
                if direction == Direction::Down {
                    numbers.reverse();
                }
                assert!(numbers.len() == 3 && numbers.is_sorted(), "{sort:?}: {numbers:?}");
            }
        }
    });
}

#[test]
fn c4_an_app_is_deleted_only_without_licences_and_stays_away_until_it_has_some() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let mut empty = app(2);
        (empty.total, empty.available, empty.retired) = (0, 0, 10);
        let mut free = app(3);
        (free.total, free.available, free.unlimited) = (0, 0, true);
        let assets = [
            (app(1), vec![]),
            (empty.clone(), vec![]),
            (free, vec![]),
            (app(4), devices(0..10)),
        ];
        let ids = synced(&db, &fence, &assets).await;
        for id in [ids[0], ids[2], ids[3]] {
            assert!(matches!(
                db.delete_asset(id, NOW).await,
                Err(StoreError::Taken(Code::AssetInUse))
            ));
        }
        db.delete_asset(ids[1], NOW).await.unwrap();
        assert!(matches!(
            db.delete_asset(ids[1], NOW).await,
            Err(StoreError::NotFound)
        ));
        assert_eq!(products(&db, &AssetQuery::default()).await.len(), 3);
        let deleted = db.deleted_assets(&fence.location).await.unwrap();
        assert!(deleted.len() == 1 && deleted.contains(&empty.key) && empty.is_empty());
        // Bought again.
        db.begin_sync(&fence, NOW + HOUR).await.unwrap();
        db.insert_assets(&fence, &[app(2)], NOW + HOUR).await.unwrap();
        assert!(db.deleted_assets(&fence.location).await.unwrap().is_empty());
    });
}

#[test]
fn c5_each_version_is_kept_as_it_was_first_seen() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![])]).await;
        let seen = [("1.0", 10), ("1.0", 10), ("1.1", 11), ("1.1", 12)];
        for (at, (version, external_id)) in (NOW..).zip(seen) {
            let metadata = AssetMetadata {
                version: version.to_owned(),
                external_id: Some(external_id),
                ..named("Maps")
            };
            db.describe_assets(&fence, &[(ids[0], Some(metadata))], at)
                .await
                .unwrap();
        }
        let row = |version: &str, seen_at| VersionRow {
            version: version.to_owned(),
            seen_at,
        };
        assert_eq!(
            db.asset_detail(ids[0]).await.unwrap().versions,
            [row("1.1", NOW + 3), row("1.1", NOW + 2), row("1.0", NOW)]
        );
    });
}

#[test]
fn c5_metadata_is_due_once_a_day_between_syncs() {
    on_each(|db| async move {
        let fence = leased(&db, "A").await;
        synced(&db, &fence, &[(app(1), vec![])]).await;
        db.described(&fence, NOW + 3 * HOUR).await.unwrap();
        db.release_lease(&fence).await.unwrap();
        assert_eq!(db.next_due(NOW + 2 * HOUR).await.unwrap(), Some(NOW + 3 * HOUR));
        let leased = db
            .lease_next("worker", NOW + 3 * HOUR, NOW + 4 * HOUR)
            .await
            .unwrap()
            .unwrap();
        assert!(leased.describe_due && !leased.sync_due && !leased.operations_due);
        db.described(&leased.fence, NOW + DAY).await.unwrap();
        db.release_lease(&leased.fence).await.unwrap();
        let fence = lease(&db, &fence.location, NOW + 13 * HOUR).await;
        assert_eq!(fence.location, leased.fence.location);
    });
}
