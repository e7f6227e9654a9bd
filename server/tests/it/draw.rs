//! A12: an assignment that draws from another location's token when its own has none left.

use crate::{
    database::Raw,
    stand::{Stand, apple_says, form, until},
};
use contract::{
    AssetId, Code, LocationId, PageQuery, TokenId,
    assignments::{
        AssignmentForm, AssignmentSettings, Change, ChangeFilter, ChangeView, Explained, GroupAssignments,
        Intent, LicenseKind, Priority, Shortage, Target, Verdict,
    },
    catalog::Catalog,
    licenses::LicenseState,
    tokens::{NotificationState, Tokens},
};
use sandbox::{Organisation, Purchase};
use std::collections::BTreeSet;

/// Two locations with the same apps, three licences of each.
struct Twins {
    stand: Stand,
    uids: Vec<String>,
    adam_id: String,
    app: AssetId,
    other: LocationId,
}

impl Twins {
    async fn open(devices: u32) -> Self {
        let stand = Stand::start(Organisation {
            apps: 3,
            devices,
            assignments: 0,
            locations: 2,
            location_names: ["Harbour", "Birchwood"].map(str::to_owned).to_vec(),
            spare: Some(3),
            ..Organisation::default()
        })
        .await;
        let uids: Vec<String> = stand
            .sandbox
            .control()
            .locations()
            .iter()
            .map(|one| one.uid.clone())
            .collect();
        let mut tokens: Vec<TokenId> = Vec::new();
        for (uid, name) in uids.iter().zip(["Harbour", "Birchwood"]) {
            let file = stand.sandbox.control().issue_token(uid).unwrap();
            let token = Tokens::create(&stand.portal, &stand.owner, form(&file, name))
                .await
                .unwrap();
            stand.synced(&token).await;
            until("Apple sends notifications", async || {
                let detail = Tokens::detail(&stand.portal, &stand.owner, &token).await.unwrap();
                matches!(detail.notifications, NotificationState::Active { .. })
            })
            .await;
            tokens.push(token);
        }
        let location = async |token: &TokenId| {
            let detail = Tokens::detail(&stand.portal, &stand.owner, token).await.unwrap();
            detail.row.location
        };
        let (own, other) = (location(&tokens[0]).await, location(&tokens[1]).await);
        let mut found = None;
        for app in stand.apps().await {
            let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
                .await
                .unwrap();
            if app.location == own && detail.device_assignable && detail.revocable {
                found = Some((app.id, detail.adam_id));
            }
        }
        let (app, adam_id) = found.expect("an app that devices can have");
        Self {
            stand,
            uids,
            adam_id,
            app,
            other,
        }
    }

    fn form(&self, draw_from: Option<LocationId>) -> AssignmentForm {
        AssignmentForm {
            group: "all_devices".into(),
            target: Target::Include {
                intent: Intent::Required,
                kind: LicenseKind::Device,
            },
            settings: AssignmentSettings {
                draw_from,
                ..AssignmentSettings::default()
            },
            priority: Priority::Normal,
            shortage: Shortage::Wait,
            reserved: 0,
        }
    }

    /// As its plan shows it; worked out again while what Apple told is still being taken in.
    async fn change(&self, change: Change) -> ChangeView {
        let (portal, owner) = (&self.stand.portal, &self.stand.owner);
        let mut shown = None;
        until("the plan is applied", async || {
            let plan = portal.plan_change(owner, change.clone()).await.unwrap();
            shown = Some(portal.change_view(owner, &plan).await.unwrap());
            match portal.apply_change(owner, &plan, false).await {
                Ok(_) => true,
                Err(fault) => {
                    assert_eq!(fault.code, Code::PlanLapsed);
                    false
                }
            }
        })
        .await;
        shown.unwrap()
    }

    /// How many have the app at each location, by Apple.
    fn at_apple(&self) -> Vec<usize> {
        let of = |uid: &String| {
            let pairs = apple_says(&self.stand.sandbox, uid);
            pairs
                .iter()
                .filter(|(adam_id, _)| *adam_id == self.adam_id)
                .count()
        };
        self.uids.iter().map(of).collect()
    }

    async fn holds(&self, what: &str, expected: [usize; 2]) {
        until(what, async || self.at_apple() == expected).await;
    }

    fn buy(&self, place: usize) {
        let purchase = Purchase::of(self.adam_id.clone(), 1);
        self.stand
            .sandbox
            .control()
            .buy(&self.uids[place], &purchase)
            .unwrap();
    }

    /// The same app at the other location.
    async fn same(&self) -> AssetId {
        for app in self.stand.apps().await {
            let detail = Catalog::detail(&self.stand.portal, &self.stand.owner, app.id);
            if app.location == self.other && detail.await.unwrap().adam_id == self.adam_id {
                return app.id;
            }
        }
        panic!("it is at both locations");
    }

    /// A6: four were drawn, which is told at both locations.
    async fn explained(&self) {
        let (portal, owner) = (&self.stand.portal, &self.stand.owner);
        until("the numbers are right", async || {
            let row = portal.rows(owner, self.app).await.unwrap().remove(0);
            assert_eq!(row.draws_from.as_deref(), Some("Birchwood"));
            (row.members, row.licensed, row.drawn, row.waiting) == (8, 8, 4, 0)
        })
        .await;
        let drawn: BTreeSet<String> = apple_says(&self.stand.sandbox, &self.uids[1])
            .into_iter()
            .filter(|(adam_id, _)| *adam_id == self.adam_id)
            .filter_map(|(_, holder)| Some(holder.strip_prefix("device ")?.to_owned()))
            .collect();
        let same = self.same().await;
        for serial in drawn {
            let told = portal.explain(owner, self.app, &serial).await.unwrap();
            let from = Explained::Drawn {
                location_name: "Birchwood".into(),
            };
            assert!(told.steps.contains(&from), "{:?}", told.steps);
            assert_eq!(
                (told.verdict, told.state),
                (Some(Verdict::Has), Some(LicenseState::Held))
            );
            let told = portal.explain(owner, same, &serial).await.unwrap();
            let to = Explained::DrawnBy {
                group_name: "All devices".into(),
                location_name: "Harbour".into(),
            };
            assert_eq!(told.steps, [Explained::Nothing, to]);
        }
    }

    /// How many wait for it at its own location.
    async fn waiting(&self) -> Option<i64> {
        let (portal, owner) = (&self.stand.portal, &self.stand.owner);
        let waiting = portal.waiting(owner, self.app, PageQuery::default());
        waiting.await.unwrap().total
    }

    /// No device has it twice.
    fn assert_once(&self) {
        let mut holders: Vec<String> = self
            .uids
            .iter()
            .flat_map(|uid| apple_says(&self.stand.sandbox, uid))
            .filter(|(adam_id, _)| *adam_id == self.adam_id)
            .map(|(_, holder)| holder)
            .collect();
        let all = holders.len();
        holders.sort();
        holders.dedup();
        assert_eq!(holders.len(), all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_what_is_out_is_drawn_from_the_other_location_and_goes_back_there() {
    let twins = Twins::open(8).await;
    let save = Change::Save {
        asset: twins.app,
        form: twins.form(Some(twins.other.clone())),
    };
    let view = twins.change(save).await;
    assert_eq!(
        (view.counts.gets, view.counts.draws, view.counts.waits),
        (3, 3, 2),
        "the plan says so before"
    );
    assert_eq!((view.used_after, view.total), (3, 3));
    twins.holds("three of each", [3, 3]).await;
    twins.buy(1);
    twins.holds("what is bought there is drawn too", [3, 4]).await;
    twins.buy(0);
    twins.holds("what is bought here comes first", [4, 4]).await;
    twins.assert_once();
    twins.explained().await;
    let waiting = twins
        .stand
        .portal
        .waiting(&twins.stand.owner, twins.app, contract::PageQuery::default())
        .await
        .unwrap();
    assert_eq!(waiting.total, Some(0));

    let removed = Change::Remove {
        asset: twins.app,
        group: "all_devices".into(),
    };
    let (portal, owner) = (&twins.stand.portal, &twins.stand.owner);
    let plan = portal.plan_change(owner, removed.clone()).await.unwrap();
    let loses = portal.change_lines(owner, &plan, ChangeFilter::Loses, PageQuery::default());
    let lines = loses.await.unwrap().rows;
    let returns: Vec<_> = lines
        .iter()
        .filter(|line| line.verdict == Verdict::Returns)
        .collect();
    assert_eq!(returns.len(), 4, "holder by holder");
    let everybody = Some("All devices");
    assert!(
        returns.iter().all(|line| line.group_name.as_deref() == everybody),
        "{returns:?}"
    );
    twins.change(removed).await;
    twins.holds("all are free again", [0, 0]).await;
}

/// Draws two of Birchwood's for a group of five, and answers while Apple is at it there.
async fn under_way(twins: &Twins) -> Raw {
    let mut raw = twins.stand.folder.raw().await;
    raw.run(
        "INSERT INTO groups (id, name, sort_name, kind, source, members, created_at, changed_at)
             VALUES ('g', 'Group g', 'group g', 1, 'manual', 5, 0, 0);
         INSERT INTO group_members (group_id, member) SELECT 'g', d.id FROM devices d"
            .to_owned(),
    )
    .await;
    let slow = sandbox::Faults {
        event_latency_ms: 1000,
        ..crate::stand::usual()
    };
    let control = twins.stand.sandbox.control();
    control.set_location_faults(&twins.uids[1], slow).unwrap();
    let form = AssignmentForm {
        group: "g".into(),
        ..twins.form(Some(twins.other.clone()))
    };
    let asset = twins.app;
    let view = twins.change(Change::Save { asset, form }).await;
    assert_eq!((view.counts.gets, view.counts.draws), (3, 2));
    raw
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_what_is_on_its_way_from_there_goes_back_when_the_assignment_is_removed() {
    let twins = Twins::open(5).await;
    under_way(&twins).await;
    let removed = Change::Remove {
        asset: twins.app,
        group: "g".into(),
    };
    twins.change(removed).await;
    until("Apple gives them there", async || twins.at_apple()[1] == 2).await;
    twins.holds("all are free again", [0, 0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_what_is_on_its_way_from_there_goes_back_when_nobody_is_left_in_the_group() {
    let twins = Twins::open(5).await;
    let mut raw = under_way(&twins).await;
    let begin = raw.begin();
    raw.run(format!(
        "{begin};
         DELETE FROM group_members WHERE group_id = 'g';
         UPDATE groups SET members = 0 WHERE id = 'g';
         INSERT INTO group_changes (group_id, at) VALUES ('g', 0) ON CONFLICT DO NOTHING;
         COMMIT"
    ))
    .await;
    twins.stand.portal.wake.ring();
    until("Apple gives them there", async || twins.at_apple()[1] == 2).await;
    twins.holds("all are free again", [0, 0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_whoever_finds_fewer_there_than_are_known_waits_in_the_line_and_draws_what_is_bought() {
    let twins = Twins::open(6).await;
    let key = sandbox::AssetKey {
        adam_id: twins.adam_id.as_str().into(),
        pricing_param: sandbox::PricingParam::Stdq,
    };
    let others = ["F00OTHERXXX1", "F00OTHERXXX2"].map(str::to_owned);
    let control = twins.stand.sandbox.control();
    control.assign_outside(&twins.uids[1], &key, &others).unwrap();
    let save = Change::Save {
        asset: twins.app,
        form: twins.form(Some(twins.other.clone())),
    };
    let view = twins.change(save).await;
    assert_eq!(
        (view.counts.gets, view.counts.draws, view.counts.waits),
        (3, 3, 0),
        "as far as is known"
    );
    until("two wait, whom nobody else had planned again", async || {
        twins.at_apple() == [3, 3] && twins.waiting().await == Some(2)
    })
    .await;
    twins.buy(1);
    twins.holds("one is drawn", [3, 4]).await;
    until("one waits", async || twins.waiting().await == Some(1)).await;
    twins.assert_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_whom_apple_refuses_there_waits_in_the_line_and_apple_is_not_asked_again() {
    let twins = Twins::open(6).await;
    let control = twins.stand.sandbox.control();
    let refusing = sandbox::Faults {
        event_error: Some(9635),
        ..crate::stand::usual()
    };
    control.set_location_faults(&twins.uids[1], refusing).unwrap();
    let save = || Change::Save {
        asset: twins.app,
        form: twins.form(Some(twins.other.clone())),
    };
    twins.change(save()).await;
    until("three wait", async || twins.waiting().await == Some(3)).await;
    let asked = control.requests();
    let asked = asked.iter().filter(|one| one.path.ends_with("/associate"));
    assert_eq!(asked.count(), 2, "once at each location");
    control
        .set_location_faults(&twins.uids[1], crate::stand::usual())
        .unwrap();
    twins.change(save()).await;
    twins.holds("saved again, it is tried again", [3, 3]).await;
    until("nobody waits", async || twins.waiting().await == Some(0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a12_nothing_is_drawn_where_nobody_said_so_or_somebody_waits_there() {
    let twins = Twins::open(8).await;
    let save = |form| Change::Save {
        asset: twins.app,
        form,
    };
    let view = twins.change(save(twins.form(None))).await;
    assert_eq!(
        (view.counts.gets, view.counts.draws, view.counts.waits),
        (3, 0, 5)
    );
    twins.holds("three here", [3, 0]).await;
    // What is reserved there stays there.
    let other = twins
        .stand
        .apps()
        .await
        .into_iter()
        .filter(|app| app.location == twins.other);
    let mut same = None;
    for app in other {
        let detail = Catalog::detail(&twins.stand.portal, &twins.stand.owner, app.id)
            .await
            .unwrap();
        if detail.adam_id == twins.adam_id {
            same = Some(app.id);
        }
    }
    let reserved = AssignmentForm {
        group: "all_people".into(),
        reserved: 2,
        ..twins.form(None)
    };
    twins
        .change(Change::Save {
            asset: same.unwrap(),
            form: reserved,
        })
        .await;
    let view = twins.change(save(twins.form(Some(twins.other.clone())))).await;
    assert_eq!((view.counts.has, view.counts.draws, view.counts.waits), (3, 1, 4));
    twins.holds("one is drawn", [3, 1]).await;
}
