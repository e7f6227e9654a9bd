use crate::setup::{NOW, app, device, leased, location, named, on_each, synced, token, used, walk_with};
use contract::{
    AssetId, Direction, PageQuery,
    catalog::{AssetQuery, AssetSort, Level, ProductType},
};
use store::{Db, locations::Fence, sync::AppleAsset};

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
        let names = db.location_names().await.unwrap();
        assert_eq!(names.len(), 2);
        assert_eq!(names[1].0, location("B").id);
        assert!(db.insert_token(&token("B")).await.is_err());
    });
}
