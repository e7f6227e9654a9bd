//! Generated organisations: the same for the same seed, plausible, and with consistent counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::collections::HashSet;

use proptest::prelude::*;
use sandbox::{
    LocationState, Organisation, PricingParam, Product, ProductType, Sandbox, SandboxSettings, StartError,
    UserStatus,
};

fn organisations() -> impl Strategy<Value = Organisation> {
    (
        any::<u64>(),
        1u32..6,
        1u32..40,
        0u32..10,
        0u32..60,
        0u32..8,
        0u32..400,
        any::<bool>(),
    )
        .prop_map(
            |(seed, locations, apps, books, devices, users, assignments, unlimited_app)| {
                let organisation = Organisation {
                    seed,
                    locations,
                    apps,
                    books,
                    devices,
                    users,
                    unlimited_app,
                    ..Organisation::default()
                };
                Organisation {
                    assignments: within_reach(&organisation, assignments),
                    ..organisation
                }
            },
        )
}

/// So many assignments, or as many as there can be: at least one for each user, or none.
fn within_reach(organisation: &Organisation, assignments: u32) -> u32 {
    let pairs = |location| {
        let apps = organisation.apps_of(location).filter(|app| app.device_assignable);
        apps.count() * organisation.devices_of(location).count()
    };
    let most = (0..organisation.locations).map(pairs).min().unwrap();
    let assignments = assignments.min(u32::try_from(most).unwrap());
    if assignments < organisation.users {
        0
    } else {
        assignments
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

async fn states(organisation: &Organisation) -> Vec<String> {
    let sandbox = Sandbox::start(SandboxSettings::with([organisation.clone()]))
        .await
        .unwrap();
    let control = sandbox.control();
    control
        .locations()
        .iter()
        .map(|location| serde_json::to_string(&control.state(&location.uid).unwrap()).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_seed_gives_the_same_and_counts_agree(organisation in organisations()) {
        runtime().block_on(async {
            let states_of = states(&organisation).await;
            prop_assert_eq!(&states_of, &states(&organisation).await);
            prop_assert_eq!(states_of.len(), organisation.locations as usize);
            let sandbox = Sandbox::start(SandboxSettings::with([organisation.clone()])).await.unwrap();
            for location in sandbox.control().locations() {
                let state = sandbox.control().state(&location.uid).unwrap();
                for asset in &state.assets {
                    prop_assert_eq!(asset.assigned_count + asset.available_count, asset.total_count);
                }
                let assigned: u32 = state.assets.iter().map(|asset| asset.assigned_count).sum();
                prop_assert_eq!(assigned as usize, state.assignments.len());
                if organisation.assignments > 0 {
                    prop_assert_eq!(state.assignments.len(), organisation.assignments as usize);
                } else {
                    prop_assert!(state.assignments.iter().all(|row| row.serial_number.is_none()));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn serials_are_unique_and_look_like_serials(seed in any::<u64>()) {
        let organisation = Organisation { seed, devices: 3000, ..Organisation::default() };
        let serials: Vec<String> = organisation.devices().map(|device| device.serial_number).collect();
        prop_assert_eq!(serials.iter().collect::<HashSet<_>>().len(), 3000);
        prop_assert!(serials.iter().all(|serial| matches!(serial.len(), 10 | 12)));
        prop_assert!(serials.iter().all(|s| s.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())));
    }

    #[test]
    fn devices_belong_to_the_location_that_lists_them(locations in 1u32..50, devices in 0u32..500) {
        let organisation = Organisation { locations, devices, ..Organisation::default() };
        let listed: Vec<_> = (0..locations)
            .flat_map(|location| organisation.devices_of(location).map(move |device| (location, device)))
            .collect();
        prop_assert!(listed.iter().all(|(location, device)| device.location == *location));
        prop_assert!(organisation.devices().eq(listed.into_iter().map(|(_, device)| device)));
    }
}

#[test]
fn another_seed_makes_another_organisation_of_the_same_size() {
    let (one, other) = (Organisation::demo(), Organisation::demo().reseeded(2));
    assert_ne!(one.location_uid(0), other.location_uid(0));
    let names = |organisation: &Organisation| -> Vec<String> {
        organisation.apps_of(0).map(|app| app.name).collect()
    };
    assert_ne!(names(&one), names(&other));
    assert_eq!(names(&one).len(), names(&other).len());
    let serials = |organisation: &Organisation| -> HashSet<String> {
        organisation
            .devices()
            .map(|device| device.serial_number)
            .collect()
    };
    assert!(serials(&one).is_disjoint(&serials(&other)));
    assert_eq!(other, Organisation::demo().reseeded(2));
}

#[test]
fn names_and_ids_of_products_do_not_repeat() {
    let organisation = Organisation {
        apps: 5000,
        books: 24,
        ..Organisation::default()
    };
    let apps: Vec<_> = organisation.apps_of(0).chain(organisation.books_of(0)).collect();
    assert_eq!(
        apps.iter().map(|app| &app.name).collect::<HashSet<_>>().len(),
        5024
    );
    assert_eq!(
        apps.iter().map(|app| &app.adam_id).collect::<HashSet<_>>().len(),
        5024
    );
}

#[test]
fn apps_and_books_never_share_an_id_however_many_there_are() {
    let most = |apps, books, locations| Organisation {
        apps,
        books,
        locations,
        distinct: 90_000,
        ..Organisation::default()
    };
    for organisation in [most(90_000, 10_000, 1), most(100, 100, 300)] {
        let id = |product: Product| product.adam_id;
        let [mut apps, mut books] = [HashSet::new(), HashSet::new()];
        for location in 0..organisation.locations {
            let here: HashSet<_> = organisation.apps_of(location).map(id).collect();
            assert_eq!(here.len(), organisation.apps as usize);
            apps.extend(here);
            let here: HashSet<_> = organisation.books_of(location).map(id).collect();
            assert_eq!(here.len(), organisation.books as usize);
            books.extend(here);
        }
        assert!(apps.is_disjoint(&books));
        assert!(apps.union(&books).all(|id| id.len() == 10));
    }
}

#[test]
fn the_ids_of_the_demo_stay_as_stored_demos_have_them() {
    let demo = Organisation::demo();
    let id = |product: Option<Product>| product.unwrap().adam_id;
    let (app, book) = (id(demo.apps_of(0).next()), id(demo.books_of(0).next()));
    assert_eq!(
        (&*app, &*book, &*demo.location_uid(0)),
        ("4951300040", "4951390004", "6591430929730000")
    );
}

#[tokio::test]
async fn what_cannot_be_generated_stops_the_start() {
    let many = Organisation::many_locations(3001);
    for organisations in [vec![many], vec![Organisation::demo(); 2]] {
        let started = Sandbox::start(SandboxSettings::with(organisations)).await;
        assert!(matches!(started, Err(StartError::Organisation(_))));
    }
}

#[tokio::test]
async fn the_demo_has_what_it_shows() {
    let demo = Organisation::demo();
    assert_eq!(demo.devices().count(), 400);
    let sandbox = Sandbox::start(SandboxSettings::default()).await.unwrap();
    let locations = sandbox.control().locations();
    assert_eq!(locations.len(), 3);
    let state = sandbox.control().state(&locations[0].uid).unwrap();
    assert_eq!(state.assets.len(), 68);
    let limited = || {
        state
            .assets
            .iter()
            .filter(|asset| !asset.unlimited && asset.assigned_count > 0)
    };
    let apps = || limited().filter(|asset| asset.product_type == ProductType::App);
    assert_eq!(apps().filter(|asset| asset.available_count == 0).count(), 1);
    assert_eq!(
        apps()
            .filter(|asset| (1..=3).contains(&asset.available_count))
            .count(),
        1
    );
    assert!(state.assets.iter().any(|asset| asset.unlimited));
    assert!(
        state
            .assets
            .iter()
            .any(|asset| !asset.device_assignable && asset.revocable)
    );
    assert_eq!(
        state
            .assignments
            .iter()
            .filter(|row| row.serial_number.is_some())
            .count(),
        1800
    );
    assert!(state.users.iter().any(|user| user.id_hash.is_some()));
}

#[test]
fn the_locations_of_the_demo_share_some_of_their_apps_and_books() {
    let demo = Organisation::demo();
    let of = |location: u32| -> [HashSet<String>; 2] {
        let id = |product: Product| product.adam_id;
        [
            demo.apps_of(location).map(id).collect(),
            demo.books_of(location).map(id).collect(),
        ]
    };
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        for (mine, theirs) in of(one).iter().zip(&of(other)) {
            let shared = mine.intersection(theirs).count();
            assert!(shared > 0 && shared < mine.len());
        }
    }
    let apps = demo.apps_of(0).map(|app| app.publisher);
    let publishers: HashSet<String> = apps.collect();
    assert!((20..50).contains(&publishers.len()));
}

#[tokio::test]
async fn the_big_presets_have_their_sizes() {
    let million = Sandbox::start(SandboxSettings::with([Organisation::million()]))
        .await
        .unwrap();
    assert_eq!(million.control().locations()[0].assignments, 1_000_000);
    let many = Sandbox::start(SandboxSettings::with([Organisation::many_locations(3000)]))
        .await
        .unwrap();
    let locations = many.control().locations();
    let uids: HashSet<_> = locations.iter().map(|location| &location.uid).collect();
    assert_eq!((locations.len(), uids.len()), (3000, 3000));
    assert!(
        locations
            .iter()
            .all(|location| location.assets == 10 && location.assignments == 50)
    );
    let plan = Sandbox::start(SandboxSettings::with([Organisation::plan_100k()]))
        .await
        .unwrap();
    let uid = &plan.control().locations()[0].uid;
    assert!(
        plan.control()
            .assets(uid)
            .unwrap()
            .iter()
            .all(|asset| asset.available_count == 100_000)
    );
}

#[tokio::test]
async fn no_spare_licences_bring_a_count_beyond_what_apple_can_tell() {
    let organisation = Organisation {
        apps: 3,
        devices: 4,
        spare: Some(u32::MAX),
        ..Organisation::default()
    };
    let sandbox = Sandbox::start(SandboxSettings::with([organisation.clone()]))
        .await
        .unwrap();
    let assets = sandbox.control().assets(&organisation.location_uid(0)).unwrap();
    let limited = assets.iter().filter(|asset| !asset.unlimited);
    for asset in limited {
        assert_eq!(asset.total_count, 2_147_483_646, "{}", asset.adam_id);
    }
}

#[tokio::test]
async fn plus_apps_and_retired_users_are_there_by_order_and_change_nothing_else() {
    let plain = Organisation {
        apps: 4,
        books: 2,
        devices: 5,
        users: 6,
        assignments: 14,
        ..Organisation::default()
    };
    let more = Organisation {
        plus_apps: 2,
        retired_users: 3,
        ..plain.clone()
    };
    let mut states = Vec::new();
    for organisation in [plain, more] {
        let uid = organisation.location_uid(0);
        let sandbox = Sandbox::start(SandboxSettings::with([organisation]))
            .await
            .unwrap();
        states.push(sandbox.control().state(&uid).unwrap());
    }
    let [plain, more] = [&states[0], &states[1]];
    let plus = more
        .assets
        .iter()
        .filter(|asset| asset.pricing_param == PricingParam::Plus);
    let plus: Vec<_> = plus.collect();
    assert_eq!((plus.len(), more.assets.len()), (2, plain.assets.len() + 2));
    assert!(
        plus.iter()
            .all(|asset| asset.assigned_count == 0 && asset.available_count > 0)
    );
    let retired = |state: &LocationState| {
        let retired = state
            .users
            .iter()
            .filter(|user| user.status == UserStatus::Retired);
        retired.count()
    };
    assert_eq!((retired(plain), retired(more)), (0, 3));
    assert_eq!(plain.assignments, more.assignments);
}
