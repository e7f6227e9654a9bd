//! Who is in which group (D2). Worked out here for both databases, in the transaction of whatever it follows from: a
//! database reads what is needed ([`Desk`]) and writes what came out. Only the members and groups concerned are looked at.

mod rule;

use crate::{Result, StoreError, groups::MembersEdit};
use async_trait::async_trait;
use contract::{
    Code, UnixMillis,
    groups::{GroupKind, Rule},
};
pub use rule::{Compiled, Facts, yes_no};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Members at a time, so that memory does not grow with their number.
const CHUNK: u32 = 2_000;

/// A group and somebody in it, by their ids.
pub type Pair = (String, String);

/// What a transaction does for us.
#[async_trait]
pub trait Desk: Send {
    /// Each group of the kind, with its rule as JSON.
    async fn groups(&mut self, kind: GroupKind) -> Result<Vec<(String, Option<String>)>>;
    /// Outer and inner group, of that kind.
    async fn nested(&mut self, kind: GroupKind) -> Result<Vec<Pair>>;
    /// The groups directly inside of one, and whether each has a rule.
    async fn inside(&mut self, outer: &str) -> Result<Vec<(String, bool)>>;
    /// Of what kind these groups are; of those that are there.
    async fn kinds(&mut self, groups: &[&str]) -> Result<Vec<(String, GroupKind)>>;
    /// Puts groups inside of one.
    async fn nest(&mut self, outer: &str, inner: &[&str]) -> Result<()>;
    /// Takes groups out of one.
    async fn unnest(&mut self, outer: &str, inner: &[&str]) -> Result<()>;
    /// Those of them that are there and active.
    async fn facts(&mut self, kind: GroupKind, ids: &[&str]) -> Result<Vec<Facts>>;
    /// The next active ones by id.
    async fn facts_after(&mut self, kind: GroupKind, after: &str, limit: u32) -> Result<Vec<Facts>>;
    /// What was put into groups by hand, of these members.
    async fn fixed(&mut self, members: &[&str]) -> Result<Vec<Pair>>;
    /// The groups that these members are in so far; only of `groups` if they are named.
    async fn current(&mut self, members: &[&str], groups: Option<&[&str]>) -> Result<Vec<Pair>>;
    /// Writes that these groups have these members.
    async fn add(&mut self, pairs: &[(&str, &str)]) -> Result<()>;
    /// Writes that they have them no longer.
    async fn remove(&mut self, pairs: &[(&str, &str)]) -> Result<()>;
    /// Writes how many members each group has more than before.
    async fn count(&mut self, more: &[(&str, i64)]) -> Result<()>;
    /// Notes that the members of these groups, or what is known of them, changed.
    async fn changed(&mut self, groups: &[&str], now: UnixMillis) -> Result<()>;
}

/// Puts right which groups these members are in: they are new, changed, or gone.
pub async fn members_changed(
    desk: &mut impl Desk,
    kind: GroupKind,
    members: &[&str],
    now: UnixMillis,
) -> Result<()> {
    let graph = Graph::read(desk, kind).await?;
    let mut run = Run::new(&graph, Scope::Everything)?;
    for chunk in members.chunks(CHUNK as usize) {
        let facts = desk.facts(kind, chunk).await?;
        run.settle(desk, chunk, facts).await?;
    }
    run.end(desk, now).await
}

/// Puts right who is in these groups and in those around them: their rule, their fixed members or their inner groups
/// changed. `members` names who can be concerned; none is everybody.
pub async fn groups_changed(
    desk: &mut impl Desk,
    kind: GroupKind,
    groups: &[&str],
    members: Option<&[&str]>,
    now: UnixMillis,
) -> Result<()> {
    let graph = Graph::read(desk, kind).await?;
    let scope = graph.around(groups);
    if scope.is_empty() {
        return Ok(());
    }
    let mut run = Run::new(&graph, Scope::Groups(scope))?;
    if let Some(members) = members {
        for chunk in members.chunks(CHUNK as usize) {
            let facts = desk.facts(kind, chunk).await?;
            run.settle(desk, chunk, facts).await?;
        }
        return run.end(desk, now).await;
    }
    let mut after = String::new();
    loop {
        let facts = desk.facts_after(kind, &after, CHUNK).await?;
        let ids: Vec<String> = facts.iter().map(|facts| facts.id.clone()).collect();
        let Some(last) = ids.last() else { break };
        after.clone_from(last);
        let chunk: Vec<_> = ids.iter().map(String::as_str).collect();
        run.settle(desk, &chunk, facts).await?;
    }
    run.end(desk, now).await
}

/// Changes, one edit after another, which groups are directly inside of one, and names those that are now and were not,
/// or the other way round. [`Code::GroupKindsMixed`]; [`Code::GroupCycle`] if a group would be part of itself.
pub async fn edit_inside(
    desk: &mut impl Desk,
    kind: GroupKind,
    outer: &str,
    edits: &[MembersEdit],
) -> Result<Vec<String>> {
    if edits.is_empty() {
        return Ok(Vec::new());
    }
    let before: BTreeMap<String, bool> = desk.inside(outer).await?.into_iter().collect();
    let mut after: BTreeSet<&str> = before.keys().map(String::as_str).collect();
    for edit in edits {
        match edit {
            MembersEdit::Add(groups) => after.extend(groups.iter().map(String::as_str)),
            MembersEdit::Remove(groups) => after.retain(|id| !groups.iter().any(|gone| gone == id)),
            MembersEdit::Set(groups) => {
                after.retain(|id| before.get(*id) == Some(&true));
                after.extend(groups.iter().map(String::as_str));
            }
        }
    }
    let go = before.keys().map(String::as_str);
    let go: Vec<&str> = go.filter(|id| !after.contains(id)).collect();
    if !go.is_empty() {
        desk.unnest(outer, &go).await?;
    }
    after.retain(|id| !before.contains_key(*id));
    let come = fit_inside(desk, kind, outer, after.into_iter().collect()).await?;
    let moved = go.iter().chain(&come).map(|id| (*id).to_owned()).collect();
    if !come.is_empty() {
        desk.nest(outer, &come).await?;
    }
    Ok(moved)
}

/// Those of the groups that are there; none of them may have the outer one inside.
async fn fit_inside<'a>(
    desk: &mut impl Desk,
    kind: GroupKind,
    outer: &str,
    mut inner: Vec<&'a str>,
) -> Result<Vec<&'a str>> {
    if inner.is_empty() {
        return Ok(inner);
    }
    let known: HashMap<String, GroupKind> = desk.kinds(&inner).await?.into_iter().collect();
    if known.values().any(|of| *of != kind) {
        return Err(StoreError::Refused(Code::GroupKindsMixed));
    }
    inner.retain(|id| known.contains_key(*id));
    let graph = Graph::read(desk, kind).await?;
    // It stays the same, whatever comes inside.
    let around = graph.around(&[outer]);
    let turns = |id: &&str| {
        graph
            .numbers
            .get(*id)
            .is_some_and(|number| around.contains(number))
    };
    match inner.iter().any(turns) {
        true => Err(StoreError::Refused(Code::GroupCycle)),
        false => Ok(inner),
    }
}

/// The groups of a kind: small numbers, for their ids are long.
struct Graph {
    ids: Vec<String>,
    numbers: HashMap<String, usize>,
    /// As JSON.
    rules: Vec<(usize, String)>,
    /// The groups that each is directly inside of.
    outer: HashMap<usize, Vec<usize>>,
}

impl Graph {
    async fn read(desk: &mut impl Desk, kind: GroupKind) -> Result<Self> {
        let mut graph = Self {
            ids: Vec::new(),
            numbers: HashMap::new(),
            rules: Vec::new(),
            outer: HashMap::new(),
        };
        for (number, (id, rule)) in desk.groups(kind).await?.into_iter().enumerate() {
            if let Some(rule) = rule {
                graph.rules.push((number, rule));
            }
            graph.numbers.insert(id.clone(), number);
            graph.ids.push(id);
        }
        for (outer, inner) in desk.nested(kind).await? {
            if let (Some(outer), Some(inner)) = (graph.numbers.get(&outer), graph.numbers.get(&inner)) {
                graph.outer.entry(*inner).or_default().push(*outer);
            }
        }
        Ok(graph)
    }

    fn id(&self, number: usize) -> &str {
        self.ids.get(number).map_or("", String::as_str)
    }

    fn outer(&self, number: usize) -> impl Iterator<Item = usize> {
        self.outer.get(&number).into_iter().flatten().copied()
    }

    /// These groups and all that they are inside of.
    fn around(&self, groups: &[&str]) -> BTreeSet<usize> {
        let mut open: Vec<_> = groups
            .iter()
            .filter_map(|id| self.numbers.get(*id).copied())
            .collect();
        let mut found = BTreeSet::new();
        while let Some(number) = open.pop() {
            if found.insert(number) {
                open.extend(self.outer(number));
            }
        }
        found
    }
}

/// Which groups are put right.
enum Scope {
    Everything,
    /// With all that each is inside of. The members of all other groups are as they should be.
    Groups(BTreeSet<usize>),
}

impl Scope {
    fn has(&self, group: usize) -> bool {
        match self {
            Scope::Everything => true,
            Scope::Groups(groups) => groups.contains(&group),
        }
    }
}

struct Run<'a> {
    graph: &'a Graph,
    scope: Scope,
    /// Groups whose present members are needed: those in scope, and those directly inside of them.
    looked_at: Option<Vec<&'a str>>,
    /// Of the groups in scope.
    rules: Vec<(usize, Compiled)>,
    more: BTreeMap<usize, i64>,
    touched: BTreeSet<usize>,
}

impl<'a> Run<'a> {
    fn new(graph: &'a Graph, scope: Scope) -> Result<Self> {
        let mut rules = Vec::new();
        for (group, rule) in graph.rules.iter().filter(|(group, _)| scope.has(*group)) {
            let rule: Rule = serde_json::from_str(rule)?;
            rules.push((*group, Compiled::from(&rule)));
        }
        let looked_at = match &scope {
            Scope::Everything => None,
            Scope::Groups(groups) => {
                let inner = graph
                    .outer
                    .iter()
                    .filter(|(_, outer)| outer.iter().any(|outer| groups.contains(outer)))
                    .map(|(inner, _)| inner);
                let all: BTreeSet<_> = groups.iter().chain(inner).collect();
                Some(all.into_iter().map(|number| graph.id(*number)).collect())
            }
        };
        Ok(Self {
            graph,
            scope,
            looked_at,
            rules,
            more: BTreeMap::new(),
            touched: BTreeSet::new(),
        })
    }

    /// Puts these members right; `facts` are of those that may be in groups.
    async fn settle(&mut self, desk: &mut impl Desk, members: &[&str], facts: Vec<Facts>) -> Result<()> {
        let current = desk.current(members, self.looked_at.as_deref()).await?;
        let fixed = desk.fixed(members).await?;
        let (current, fixed) = (self.by_member(&current), self.by_member(&fixed));
        let facts: HashMap<_, _> = facts.iter().map(|facts| (facts.id.as_str(), facts)).collect();
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        let none = BTreeSet::new();
        for member in members.iter().collect::<BTreeSet<_>>() {
            let is: &BTreeSet<usize> = current.get(*member).unwrap_or(&none);
            let wanted = match facts.get(*member) {
                Some(facts) => self.wanted(facts, fixed.get(*member).unwrap_or(&none), is),
                None => BTreeSet::new(),
            };
            let is: BTreeSet<_> = is
                .iter()
                .copied()
                .filter(|group| self.scope.has(*group))
                .collect();
            if matches!(self.scope, Scope::Everything) {
                self.touched.extend(wanted.union(&is));
            }
            for group in wanted.difference(&is) {
                *self.more.entry(*group).or_default() += 1;
                self.touched.insert(*group);
                added.push((self.graph.id(*group), *member));
            }
            for group in is.difference(&wanted) {
                *self.more.entry(*group).or_default() -= 1;
                self.touched.insert(*group);
                removed.push((self.graph.id(*group), *member));
            }
        }
        if !added.is_empty() {
            desk.add(&added).await?;
        }
        if !removed.is_empty() {
            desk.remove(&removed).await?;
        }
        Ok(())
    }

    /// The groups in scope that a member belongs in.
    fn wanted(&self, facts: &Facts, fixed: &BTreeSet<usize>, is: &BTreeSet<usize>) -> BTreeSet<usize> {
        let by_rule = self
            .rules
            .iter()
            .filter(|(_, rule)| rule.takes(facts))
            .map(|(group, _)| *group);
        let from_inside = is
            .iter()
            .filter(|group| !self.scope.has(**group))
            .flat_map(|group| self.graph.outer(*group));
        let mut open: Vec<_> = by_rule.chain(fixed.iter().copied()).chain(from_inside).collect();
        let mut wanted = BTreeSet::new();
        while let Some(group) = open.pop() {
            if self.scope.has(group) && wanted.insert(group) {
                open.extend(self.graph.outer(group));
            }
        }
        wanted
    }

    fn by_member<'p>(&self, pairs: &'p [Pair]) -> HashMap<&'p str, BTreeSet<usize>> {
        let mut all: HashMap<&str, BTreeSet<usize>> = HashMap::new();
        for (group, member) in pairs {
            if let Some(group) = self.graph.numbers.get(group) {
                all.entry(member).or_default().insert(*group);
            }
        }
        all
    }

    async fn end(self, desk: &mut impl Desk, now: UnixMillis) -> Result<()> {
        let more: Vec<_> = self
            .more
            .iter()
            .filter(|(_, more)| **more != 0)
            .map(|(group, more)| (self.graph.id(*group), *more))
            .collect();
        if !more.is_empty() {
            desk.count(&more).await?;
        }
        let touched: Vec<_> = self.touched.iter().map(|group| self.graph.id(*group)).collect();
        if !touched.is_empty() {
            desk.changed(&touched, now).await?;
        }
        Ok(())
    }
}
