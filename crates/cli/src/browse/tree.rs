//! The tree: the file, the groups that `/` in names makes, and the arrays.

use std::collections::{HashMap, HashSet};

use array_format::array::ArrayMeta;

use super::motion::Way;

/// Groups of larger files are folded at first.
const OPEN: usize = 200;
/// The file is the first of the nodes.
const FILE: usize = 0;

/// The file, a group or an array.
#[derive(Debug)]
pub struct Node<'f> {
    /// Its part of the name.
    pub name: &'f str,
    pub depth: usize,
    parent: usize,
    pub kind: Kind<'f>,
}

#[derive(Debug)]
pub enum Kind<'f> {
    /// The file is one, too.
    Group(Group<'f>),
    Array(&'f ArrayMeta),
}

#[derive(Debug, Default)]
pub struct Group<'f> {
    /// What the names of its arrays begin with.
    pub prefix: &'f str,
    /// Arrays in it and in groups within it.
    pub count: usize,
    arrays: Vec<usize>,
    groups: Vec<usize>,
}

/// A node that is not hidden.
#[derive(Debug)]
pub struct Row<'t, 'f> {
    pub node: &'t Node<'f>,
    pub is_chosen: bool,
    pub is_folded: bool,
}

/// What is shown of the tree, and which row is chosen.
#[derive(Debug)]
pub struct Tree<'f> {
    nodes: Vec<Node<'f>>,
    folded: HashSet<usize>,
    filter: Option<Filter>,
    /// The nodes that are not hidden, from the top.
    rows: Vec<usize>,
    chosen: usize,
    /// The first row on the screen.
    top: usize,
}

/// Parts of names to look for.
#[derive(Debug)]
struct Filter {
    text: String,
    /// By node, whether it or something in it matches.
    matching: Vec<bool>,
    /// Arrays that match.
    count: usize,
    /// The groups that were folded before.
    folded: HashSet<usize>,
}

impl<'f> Tree<'f> {
    pub fn new(file: &'f str, arrays: &[&'f ArrayMeta]) -> Self {
        let mut tree = Self {
            nodes: vec![Node {
                name: file,
                depth: 0,
                parent: FILE,
                kind: Kind::Group(Group::default()),
            }],
            folded: HashSet::new(),
            filter: None,
            rows: Vec::new(),
            chosen: 0,
            top: 0,
        };
        let mut groups = HashMap::new();
        for meta in arrays {
            tree.add(meta, &mut groups);
        }
        if tree.nodes.len() > OPEN {
            tree.folded.extend(groups.into_values());
        }
        tree.list(FILE);
        tree
    }

    /// Adds an array, and the groups around it that are not there yet.
    fn add(&mut self, meta: &'f ArrayMeta, known: &mut HashMap<(usize, &'f str), usize>) {
        let mut parent = FILE;
        let mut rest = meta.name.as_str();
        while let Some((name, below)) = rest.split_once('/') {
            let prefix = &meta.name[..meta.name.len() - below.len()];
            parent = *known.entry((parent, name)).or_insert_with(|| {
                let kind = Kind::Group(Group {
                    prefix,
                    ..Group::default()
                });
                self.put(parent, name, kind)
            });
            rest = below;
        }
        self.put(parent, rest, Kind::Array(meta));
        loop {
            if let Kind::Group(group) = &mut self.nodes[parent].kind {
                group.count += 1;
            }
            if parent == FILE {
                break;
            }
            parent = self.nodes[parent].parent;
        }
    }

    fn put(&mut self, parent: usize, name: &'f str, kind: Kind<'f>) -> usize {
        let node = self.nodes.len();
        let is_array = matches!(kind, Kind::Array(_));
        self.nodes.push(Node {
            name,
            depth: self.nodes[parent].depth + 1,
            parent,
            kind,
        });
        if let Kind::Group(group) = &mut self.nodes[parent].kind {
            match is_array {
                true => group.arrays.push(node),
                false => group.groups.push(node),
            }
        }
        node
    }

    /// Lists the rows anew, and chooses this node, or the nearest around it that is shown.
    fn list(&mut self, mut node: usize) {
        self.rows.clear();
        let mut places = vec![None; self.nodes.len()];
        let mut stack = vec![FILE];
        while let Some(next) = stack.pop() {
            let filter = self.filter.as_ref();
            if next != FILE && filter.is_some_and(|filter| !filter.matching[next]) {
                continue;
            }
            places[next] = Some(self.rows.len());
            self.rows.push(next);
            if let (Kind::Group(group), false) =
                (&self.nodes[next].kind, self.folded.contains(&next))
            {
                stack.extend(group.groups.iter().rev());
                stack.extend(group.arrays.iter().rev());
            }
        }
        self.chosen = loop {
            match places[node] {
                Some(row) => break row,
                None => node = self.nodes[node].parent,
            }
        };
    }

    /// The rows from the first on the screen on.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_, 'f>> {
        let rows = self.rows.iter().enumerate().skip(self.top);
        rows.map(|(row, node)| Row {
            node: &self.nodes[*node],
            is_chosen: row == self.chosen,
            is_folded: self.folded.contains(node),
        })
    }

    /// The number of the chosen node, which stays the same.
    pub fn place(&self) -> usize {
        self.rows[self.chosen]
    }

    pub fn chosen(&self) -> &Node<'f> {
        &self.nodes[self.place()]
    }

    /// Chooses another row.
    pub fn go(&mut self, way: Way, page: u64) {
        let last = self.rows.len() as u64 - 1;
        self.chosen = way.from(self.chosen as u64, page, last) as usize;
    }

    /// Unfolds the chosen group, or goes into it if it is.
    pub fn open(&mut self) {
        let node = self.place();
        match self.folded.remove(&node) {
            true => self.list(node),
            false => self.go(Way::On, 1),
        }
    }

    /// Folds the chosen group, or goes to the one around.
    pub fn close(&mut self) {
        let node = self.place();
        let is_group = matches!(self.nodes[node].kind, Kind::Group(_));
        if node != FILE && is_group && self.folded.insert(node) {
            self.list(node);
        } else {
            self.list(self.nodes[node].parent);
        }
    }

    /// Folds or unfolds the chosen group.
    pub fn toggle(&mut self) {
        match self.folded.contains(&self.place()) {
            true => self.open(),
            false => self.close(),
        }
    }

    pub fn filter(&self) -> Option<&str> {
        self.filter.as_ref().map(|filter| filter.text.as_str())
    }

    /// How many arrays the filter leaves.
    pub fn found(&self) -> Option<usize> {
        self.filter.as_ref().map(|filter| filter.count)
    }

    /// Shows only arrays whose names have all words of a text in them, in either case.
    pub fn set_filter(&mut self, text: String) {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let mut matching = vec![false; self.nodes.len()];
        let mut count = 0;
        for (i, node) in self.nodes.iter().enumerate() {
            let Kind::Array(meta) = node.kind else {
                continue;
            };
            let name = meta.name.to_lowercase();
            if !words.iter().all(|word| name.contains(word)) {
                continue;
            }
            count += 1;
            let mut at = i;
            while !matching[at] {
                matching[at] = true;
                at = self.nodes[at].parent;
            }
        }
        let chosen = self.place();
        let folded = match self.filter.take() {
            Some(filter) => filter.folded,
            None => std::mem::take(&mut self.folded),
        };
        self.folded = match words.is_empty() {
            true => folded.clone(),
            false => HashSet::new(),
        };
        self.filter = Some(Filter {
            text,
            matching,
            count,
            folded,
        });
        self.list(chosen);
        // The first that matches, unless the chosen one does.
        if !words.is_empty() && matches!(self.chosen().kind, Kind::Group(_)) {
            let is_array = |&node: &usize| matches!(self.nodes[node].kind, Kind::Array(_));
            self.chosen = self.rows.iter().position(is_array).unwrap_or(0);
        }
    }

    /// Shows all again; what is chosen stays so.
    pub fn clear_filter(&mut self) {
        let Some(filter) = self.filter.take() else {
            return;
        };
        let chosen = self.place();
        self.folded = filter.folded;
        let mut around = self.nodes[chosen].parent;
        while around != FILE {
            self.folded.remove(&around);
            around = self.nodes[around].parent;
        }
        self.list(chosen);
    }

    /// Brings the chosen row onto a screen of so many rows.
    pub fn follow(&mut self, height: usize) {
        let height = height.max(1);
        let most = self.rows.len().saturating_sub(height);
        let first = (self.chosen + 1).saturating_sub(height);
        self.top = self.top.clamp(first, self.chosen).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::fixture;

    const SHAPE: &[u64] = &[3];

    /// The rows as text: `▸` is a folded group, `*` the chosen row.
    fn shown(tree: &Tree<'_>) -> Vec<String> {
        let rows = tree.rows().map(|row| {
            let sign = match (&row.node.kind, row.is_folded) {
                (Kind::Array(_), _) => "",
                (Kind::Group(_), true) => "▸",
                (Kind::Group(_), false) => "▾",
            };
            let indent = " ".repeat(row.node.depth);
            let chosen = if row.is_chosen { "*" } else { "" };
            format!("{indent}{sign}{}{chosen}", row.node.name)
        });
        rows.collect()
    }

    async fn with(names: &[&str], check: impl FnOnce(Tree<'_>)) {
        let file = fixture::file(names.iter().map(|name| (*name, SHAPE))).await;
        check(Tree::new("f", &file.arrays().unwrap()));
    }

    #[tokio::test]
    async fn groups_fold() {
        with(&["g/a", "b", "g/h/c", "g/d"], |mut tree| {
            let open = ["▾f*", " b", " ▾g", "  a", "  d", "  ▾h", "   c"];
            assert_eq!(shown(&tree), open);
            tree.close();
            assert_eq!(shown(&tree), open, "the file stays open");
            tree.go(Way::Last, 1);
            tree.close();
            assert_eq!(shown(&tree)[5], "  ▾h*");
            tree.close();
            assert_eq!(shown(&tree)[5..], ["  ▸h*"]);
            tree.close();
            tree.close();
            assert_eq!(shown(&tree), ["▾f", " b", " ▸g*"]);
            tree.open();
            assert_eq!(
                shown(&tree),
                ["▾f", " b", " ▾g*", "  a", "  d", "  ▸h"],
                "what is within stays folded"
            );
            tree.open();
            assert_eq!(tree.chosen().name, "a");
            tree.go(Way::Back, 1);
            tree.toggle();
            assert_eq!(shown(&tree), ["▾f", " b", " ▸g*"]);
            tree.toggle();
            assert_eq!(shown(&tree).len(), 6);
        })
        .await;
    }

    #[tokio::test]
    async fn odd_names_have_their_places() {
        with(&["a//b", "a", "/c", "d/", "a/b", "/", "//"], |tree| {
            assert_eq!(
                shown(&tree),
                [
                    "▾f*", " a", " ▾a", "  b", "  ▾", "   b", " ▾", "  c", "  ", "  ▾", "   ",
                    " ▾d", "  ",
                ]
            );
            let prefixes: Vec<&str> = tree
                .rows()
                .filter_map(|row| match &row.node.kind {
                    Kind::Group(group) => Some(group.prefix),
                    Kind::Array(_) => None,
                })
                .collect();
            assert_eq!(prefixes, ["", "a/", "a//", "/", "//", "d/"]);
        })
        .await;
        let deep = "/".repeat(60_000);
        with(&[&deep], |mut tree| {
            tree.go(Way::Last, 1);
            assert_eq!(tree.chosen().depth, 1, "groups are folded");
        })
        .await;
    }

    #[tokio::test]
    async fn an_empty_file_is_itself() {
        with(&[], |mut tree| {
            for way in [Way::On, Way::Back, Way::Last, Way::PageOn] {
                tree.go(way, 5);
            }
            tree.open();
            tree.close();
            tree.set_filter("x".to_owned());
            tree.follow(0);
            assert_eq!(shown(&tree), ["▾f*"]);
            tree.clear_filter();
            assert_eq!(shown(&tree), ["▾f*"]);
        })
        .await;
    }

    #[tokio::test]
    async fn filters_match_parts_of_names() {
        with(&["g/Temp", "salt", "h/temp_error", "h/x"], |mut tree| {
            tree.go(Way::Last, 1);
            tree.close();
            tree.close();
            assert_eq!(shown(&tree)[4..], [" ▸h*"]);
            tree.set_filter(String::new());
            assert_eq!(shown(&tree)[4..], [" ▸h*"], "nothing is hidden yet");
            tree.set_filter("TEMP".to_owned());
            assert_eq!(
                shown(&tree),
                ["▾f", " ▾g", "  Temp*", " ▾h", "  temp_error"]
            );
            assert_eq!(tree.found(), Some(2));
            tree.set_filter("err h/".to_owned());
            assert_eq!(shown(&tree), ["▾f", " ▾h", "  temp_error*"]);
            tree.set_filter("nothing".to_owned());
            assert_eq!(shown(&tree), ["▾f*"]);
            tree.set_filter("err".to_owned());
            tree.go(Way::Last, 1);
            tree.clear_filter();
            assert_eq!(
                shown(&tree)[3..],
                ["  Temp", " ▾h", "  temp_error*", "  x"],
                "what is chosen is not hidden again"
            );
        })
        .await;
    }

    #[tokio::test]
    async fn the_screen_follows() {
        let names: Vec<String> = (0..50).map(|i| format!("a{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        with(&names, |mut tree| {
            let first = |tree: &Tree<'_>| tree.rows().next().unwrap().node.name.to_owned();
            tree.go(Way::PageOn, 9);
            tree.follow(10);
            assert_eq!(first(&tree), "f");
            tree.go(Way::On, 9);
            tree.follow(10);
            assert_eq!(first(&tree), "a0");
            tree.go(Way::Last, 9);
            tree.follow(10);
            assert_eq!(first(&tree), "a40");
            tree.follow(20);
            assert_eq!(first(&tree), "a30", "a larger screen is filled");
            tree.go(Way::First, 9);
            tree.follow(10);
            assert_eq!(first(&tree), "f");
        })
        .await;
    }

    #[tokio::test]
    async fn many_arrays_are_no_burden() {
        let names: Vec<String> = (0..50_000)
            .map(|i| format!("profiles/{:04}/cast{i}/TEMP", i / 10))
            .collect();
        let file = fixture::file(names.iter().map(|name| (name.as_str(), SHAPE))).await;
        let arrays = file.arrays().unwrap();
        let start = std::time::Instant::now();
        let mut tree = Tree::new("f", &arrays);
        for text in ["c", "cast4", "cast499"] {
            tree.set_filter(text.to_owned());
        }
        assert_eq!(tree.found(), Some(111));
        tree.clear_filter();
        tree.go(Way::Last, 1);
        tree.open();
        // Some hundred times as long as it takes.
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }
}
