use crate::{
    setup::{
        NOW, app, batch, detail, device, devices, digest, leased, named, on_each, operation, pairs, synced,
        walk_with,
    },
    users::{holder, join},
};
use contract::{
    AssetId, Direction, PageQuery, Serial,
    activity::OperationKind,
    devices::DeviceForm,
    licenses::{Holder, LicenseQuery, LicenseSort, LicenseState},
};
use store::{Db, locations::Fence};

async fn list(db: &Db, query: &LicenseQuery) -> Vec<(String, String)> {
    let rows = walk_with(
        PageQuery {
            rows: Some(3),
            ..query.page.clone()
        },
        async |page| {
            db.license_list(&LicenseQuery {
                page,
                ..query.clone()
            })
            .await
        },
    );
    rows.await
        .into_iter()
        .map(|row| (row.asset_name, row.holder.id().to_owned()))
        .collect()
}

/// Two locations, three apps whose names run against their ids, one user, some licences under way.
async fn some(db: &Db) -> (Fence, Vec<AssetId>) {
    let fence = leased(db, "A").await;
    let mut first = devices(0..5);
    first.push(Holder::User("C0-user".to_owned()));
    let mut ids = synced(db, &fence, &[(app(1), first), (app(2), devices(3..8))]).await;
    db.describe_assets(
        &fence,
        &[(ids[0], Some(named("Zebra"))), (ids[1], Some(named("anvil")))],
        NOW,
    )
    .await
    .unwrap();
    let other = leased(db, "B").await;
    let more = synced(db, &other, &[(app(1), devices(2..4))]).await;
    db.describe_assets(&other, &[(more[0], Some(named("Maps")))], NOW)
        .await
        .unwrap();
    ids.extend(more);
    let mut new = operation(
        &fence,
        "op",
        OperationKind::Assign,
        vec![batch(&ids[..1], &devices(20..22))],
    );
    new.waiting = pairs(&batch(&ids[1..2], &devices(30..34)));
    db.insert_operations(&[new], None).await.unwrap();
    (fence, ids)
}

fn sorted(mut rows: Vec<(String, String)>, sort: LicenseSort) -> Vec<(String, String)> {
    rows.sort_by_key(|(app, holder)| match sort {
        LicenseSort::App => (app.to_lowercase(), holder.clone()),
        LicenseSort::Holder => (holder.clone(), String::new()),
    });
    rows
}

#[test]
fn l1_each_order_and_filter_of_the_list_is_walked_both_ways() {
    on_each(|db| async move {
        let (fence, ids) = some(&db).await;
        let queries = [
            (LicenseQuery::default(), 19),
            (
                LicenseQuery {
                    asset: Some(ids[0]),
                    ..LicenseQuery::default()
                },
                8,
            ),
            (
                LicenseQuery {
                    location: Some(fence.location.clone()),
                    ..LicenseQuery::default()
                },
                17,
            ),
            (
                LicenseQuery {
                    holder: "C02000000".to_owned(),
                    ..LicenseQuery::default()
                },
                12,
            ),
            (
                LicenseQuery {
                    holder: "C0".to_owned(),
                    ..LicenseQuery::default()
                },
                19,
            ),
            (
                LicenseQuery {
                    holder: device(3).id().to_owned(),
                    ..LicenseQuery::default()
                },
                3,
            ),
            (
                LicenseQuery {
                    holder: "%".to_owned(),
                    ..LicenseQuery::default()
                },
                0,
            ),
            (
                LicenseQuery {
                    state: Some(LicenseState::Waiting),
                    ..LicenseQuery::default()
                },
                4,
            ),
            (
                LicenseQuery {
                    state: Some(LicenseState::Held),
                    ..LicenseQuery::default()
                },
                13,
            ),
            (
                LicenseQuery {
                    asset: Some(ids[0]),
                    state: Some(LicenseState::Requested),
                    ..LicenseQuery::default()
                },
                2,
            ),
            (
                LicenseQuery {
                    location: Some(fence.location.clone()),
                    holder: "C02".to_owned(),
                    state: Some(LicenseState::Held),
                    ..LicenseQuery::default()
                },
                10,
            ),
        ];
        for (query, number) in queries {
            for sort in [LicenseSort::App, LicenseSort::Holder] {
                for direction in [Direction::Up, Direction::Down] {
                    let page = PageQuery {
                        direction,
                        ..PageQuery::default()
                    };
                    let mut rows = list(
                        &db,
                        &LicenseQuery {
                            sort,
                            page,
                            ..query.clone()
                        },
                    )
                    .await;
                    assert_eq!(rows.len(), number, "{query:?}");
                    if direction == Direction::Down {
                        rows.reverse();
                    }
                    let holders =
                        |rows: &[(String, String)]| rows.iter().map(|row| row.1.clone()).collect::<Vec<_>>();
                    let expected = sorted(rows.clone(), sort);
                    match sort {
                        LicenseSort::App => assert_eq!(rows, expected, "{query:?}"),
                        LicenseSort::Holder => assert_eq!(holders(&rows), holders(&expected), "{query:?}"),
                    }
                }
            }
        }
    });
}

/// A person with a user licence and two devices, one of them with its licence, and a device of nobody whose serial number
/// is the user's id. Answers the app that all of them have.
pub async fn ada_and_her_devices(db: &Db) -> (Fence, AssetId) {
    let fence = leased(db, "A").await;
    join(db, &fence, &["ada"]).await;
    let user = holder("ada");
    let namesake = Holder::Device(Serial::known(user.id()));
    let mut holders = devices(0..9);
    holders.extend([user, namesake]);
    let ids = synced(db, &fence, &[(app(1), holders), (app(2), devices(3..5))]).await;
    for (number, user_name) in [(3, "Ada"), (40, "ADA"), (4, "eve")] {
        let form = DeviceForm {
            serial: device(number).id().to_owned(),
            user_name: user_name.to_owned(),
            ..DeviceForm::default()
        };
        let id = format!("d{number}");
        db.insert_device(&id.as_str().into(), &form, NOW).await.unwrap();
    }
    (fence, ids[0])
}

#[test]
fn l1_a_persons_licences_are_those_of_the_user_and_of_the_devices() {
    on_each(|db| async move {
        let (_, asset) = ada_and_her_devices(&db).await;
        let hers = LicenseQuery {
            person: Some("ada".into()),
            ..LicenseQuery::default()
        };
        let (device, user) = (device(3), holder("ada"));
        for sort in [LicenseSort::App, LicenseSort::Holder] {
            for direction in [Direction::Up, Direction::Down] {
                let page = PageQuery {
                    rows: Some(1),
                    direction,
                    ..PageQuery::default()
                };
                let mut rows = walk_with(page, async |page| {
                    db.license_list(&LicenseQuery {
                        sort,
                        page,
                        ..hers.clone()
                    })
                    .await
                })
                .await;
                if direction == Direction::Down {
                    rows.reverse();
                }
                let holders: Vec<_> = rows.into_iter().map(|row| row.holder).collect();
                let expected = match sort {
                    LicenseSort::App => [&device, &user, &device],
                    LicenseSort::Holder => [&device, &device, &user],
                };
                assert_eq!(holders.iter().collect::<Vec<_>>(), expected, "{sort:?}");
            }
        }
        let count = async |query: LicenseQuery| list(&db, &query).await.len();
        let of_app = LicenseQuery {
            asset: Some(asset),
            ..hers.clone()
        };
        assert_eq!(count(of_app).await, 2);
        let of_device = LicenseQuery {
            holder: device.id().to_owned(),
            ..hers.clone()
        };
        assert_eq!(count(of_device).await, 2);
        let of_nobody = LicenseQuery {
            person: Some("no\0body".into()),
            ..LicenseQuery::default()
        };
        assert_eq!(count(of_nobody).await, 0);
        let held = db.held_by_person(&"ada".into()).await.unwrap();
        let held: Vec<_> = held.iter().map(|license| &license.holder).collect();
        assert_eq!(held, [&device, &device, &user], "R1: all that can be taken back");
    });
}

#[test]
fn a_holder_is_shown_by_the_devices_name() {
    on_each(|db| async move {
        let (_, ids) = some(&db).await;
        let form = DeviceForm {
            name: "Ada's iPad".to_owned(),
            serial: device(3).id().to_owned(),
            ..DeviceForm::default()
        };
        db.insert_device(&"d".into(), &form, NOW).await.unwrap();
        let query = LicenseQuery {
            asset: Some(ids[0]),
            holder: device(3).id().to_owned(),
            ..LicenseQuery::default()
        };
        let row = db.license_list(&query).await.unwrap().rows.remove(0);
        assert_eq!(
            (
                row.holder_name.as_deref(),
                row.location_name.as_str(),
                row.revocable
            ),
            (Some("Ada's iPad"), "A", true)
        );
        assert_eq!(db.device(&"d".into()).await.unwrap().licenses, 3);
    });
}

#[test]
fn r1_what_is_held_is_found_by_name_by_device_and_by_app() {
    on_each(|db| async move {
        let (_, ids) = some(&db).await;
        let named = vec![
            (ids[0], device(0)),
            (ids[0], device(20)),
            (ids[1], device(30)),
            (ids[2], device(9)),
            (ids[0], Holder::User("C0-user".to_owned())),
        ];
        let held = db.held_licenses(&named).await.unwrap();
        assert_eq!(
            held.iter().map(|held| held.holder.clone()).collect::<Vec<_>>(),
            [device(0), named[4].1.clone()]
        );
        let serials = [3, 3, 20, 99].map(|n| Serial::known(device(n).id()));
        let held = db.held_by_devices(&serials).await.unwrap();
        assert_eq!(held.iter().map(|held| held.asset).collect::<Vec<_>>(), ids);
        assert_eq!(db.held_of_asset(ids[0]).await.unwrap().len(), 6);
        let holders = db.device_holders(ids[0]).await.unwrap();
        assert_eq!(holders.len(), 7);
        assert!(holders.is_sorted_by_key(|holder| holder.0.clone()));
    });
}

#[test]
fn the_digest_is_of_what_apple_has() {
    on_each(|db| async move {
        let (fence, ids) = some(&db).await;
        assert_eq!(db.digest(ids[1]).await.unwrap(), digest(&devices(3..8)));
        let revoke = operation(
            &fence,
            "back",
            OperationKind::Revoke,
            vec![batch(&ids[1..2], &devices(3..5))],
        );
        db.insert_operations(&[revoke], None).await.unwrap();
        assert_eq!(db.digest(ids[1]).await.unwrap(), digest(&devices(3..8)));
        assert_eq!(detail(&db, ids[1]).await.row.counts.pending, 2);
    });
}
