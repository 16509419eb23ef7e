//! What was found.

use std::fmt;
use std::time::Duration;

/// What a clause is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Reading files at all.
    Reading,
    /// Reading the end of an object in one request; without it the size is asked first.
    Suffixes,
    /// Reading the bytes of a snapshot or none; without versions, checksums alone tell.
    Snapshots,
    /// Finding the newest layer by a list; without it, numbers are asked for.
    Lists,
    /// Several writers, none of whom loses a commit.
    Commits,
    /// Putting a compacted layer in the base's place; without it, it stays a sidecar.
    Promotion,
    /// Giving space back.
    Removal,
    /// Uploads in parts, for objects that are too large for one put.
    Uploads,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Reading => "reading",
            Self::Suffixes => "suffixes",
            Self::Snapshots => "snapshots",
            Self::Lists => "lists",
            Self::Commits => "commits",
            Self::Promotion => "promotion",
            Self::Removal => "removal",
            Self::Uploads => "uploads",
        })
    }
}

/// How a clause fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was seen that breaks it.
    Holds,
    /// The store does something else.
    Broken {
        /// What it did.
        how: String,
    },
    /// The store says that it cannot.
    Absent {
        /// How it says so.
        why: String,
    },
    /// It was not tried.
    Untried {
        /// What it lacked.
        why: String,
    },
}

impl Verdict {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        *self == Self::Holds
    }

    /// Whether the store does something else than what is asked.
    pub fn is_broken(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken { .. } => "BROKEN",
            Self::Absent { .. } => "absent",
            Self::Untried { .. } => "untried",
        }
    }

    fn detail(&self) -> Option<&str> {
        match self {
            Self::Holds => None,
            Self::Broken { how: detail }
            | Self::Absent { why: detail }
            | Self::Untried { why: detail } => Some(detail),
        }
    }
}

/// A clause, and how it fared.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The clause.
    pub name: &'static str,
    /// What it asks of the store.
    pub asked: &'static str,
    /// What it is needed for.
    pub need: Need,
    /// How it fared.
    pub verdict: Verdict,
    /// Something worth knowing that breaks nothing.
    pub remark: Option<String>,
    /// How long it took to find out.
    pub took: Duration,
}

/// What a [`check`](super::check) found. It prints as a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContractReport {
    /// What the store calls itself.
    pub store: String,
    /// Every clause, in the order in which they were tried.
    pub findings: Vec<Finding>,
    /// Paths of what could not be removed.
    pub left_behind: Vec<String>,
}

impl ContractReport {
    /// What was found about the clause of this name.
    pub fn finding(&self, name: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.name == name)
    }

    /// The clauses that the store breaks.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.verdict.is_broken())
    }

    /// Whether all that is needed for this holds; what was not asked for is not counted.
    pub fn has(&self, need: Need) -> bool {
        let is_tried = |f: &&Finding| !matches!(f.verdict, Verdict::Untried { .. });
        let needed = self.findings.iter().filter(|f| f.need == need);
        let mut tried = needed.filter(is_tried).peekable();
        tried.peek().is_some() && tried.all(|finding| finding.verdict.holds())
    }

    /// Whether several writers may commit, and no acknowledged commit is lost.
    ///
    /// A store need not list for that. But a list that leaves out layers is worse than none: a writer
    /// would take an older layer for the newest.
    pub fn can_commit(&self) -> bool {
        let lists_lie = self.broken().any(|f| f.need == Need::Lists);
        self.has(Need::Reading) && self.has(Need::Commits) && !lists_lie
    }

    /// Whether commits are safe, and so is putting a compacted layer in the base's place.
    pub fn can_promote(&self) -> bool {
        self.can_commit() && self.has(Need::Promotion)
    }

    /// Whether lists can be relied on.
    pub fn can_list(&self) -> bool {
        self.has(Need::Lists)
    }

    /// Whether the end of an object is read in one request.
    pub fn reads_suffixes(&self) -> bool {
        self.has(Need::Suffixes)
    }
}

impl fmt::Display for ContractReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.findings.iter().filter(|f| f.verdict.holds()).count();
        let all = self.findings.len();
        writeln!(f, "{}: {held} of {all} clauses hold", self.store)?;
        let names = self.findings.iter().map(|f| f.name.len());
        let width = names.max().unwrap_or(0);
        for finding in &self.findings {
            let Finding {
                name, asked, need, ..
            } = finding;
            let (word, took) = (finding.verdict.word(), finding.took.as_secs_f64());
            writeln!(
                f,
                "  {word:<8} {name:<width$}  {need:<9}  {took:>6.2} s  {asked}"
            )?;
            let details = [finding.verdict.detail(), finding.remark.as_deref()];
            for detail in details.into_iter().flatten() {
                writeln!(f, "  {:<8} {:<width$}  └ {detail}", "", "")?;
            }
        }
        let answers = [
            ("commits are safe", self.can_commit()),
            ("compacted layers are promoted", self.can_promote()),
            ("lists", self.can_list()),
            ("suffixes", self.reads_suffixes()),
        ];
        let answers =
            answers.map(|(what, yes)| format!("{what}: {}", if yes { "yes" } else { "no" }));
        writeln!(f, "  {}", answers.join("; "))?;
        if !self.left_behind.is_empty() {
            writeln!(f, "  left behind: {}", self.left_behind.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdicts: &[(Need, Verdict)]) -> ContractReport {
        let finding = |(need, verdict): &(Need, Verdict)| Finding {
            name: "name",
            asked: "what is asked",
            need: *need,
            verdict: verdict.clone(),
            remark: None,
            took: Duration::ZERO,
        };
        ContractReport {
            store: "store".into(),
            findings: verdicts.iter().map(finding).collect(),
            left_behind: Vec::new(),
        }
    }

    #[test]
    fn answers_follow_from_the_findings() {
        let broken = || Verdict::Broken { how: "so".into() };
        let absent = || Verdict::Absent { why: "so".into() };
        let untried = || Verdict::Untried { why: "so".into() };
        let check = |commits, promotion, lists: &[Verdict], answers: [bool; 3]| {
            let mut all = vec![
                (Need::Reading, Verdict::Holds),
                (Need::Commits, Verdict::Holds),
                (Need::Commits, commits),
                (Need::Promotion, promotion),
            ];
            all.extend(lists.iter().map(|list| (Need::Lists, list.clone())));
            let report = report(&all);
            let said = [report.can_commit(), report.can_promote(), report.can_list()];
            assert_eq!(said, answers, "{report}");
            assert!(!report.reads_suffixes());
        };
        let holds = || Verdict::Holds;
        check(holds(), holds(), &[holds(), untried()], [true; 3]);
        check(holds(), absent(), &[absent()], [true, false, false]);
        check(holds(), broken(), &[holds()], [true, false, true]);
        check(absent(), holds(), &[holds()], [false, false, true]);
        check(broken(), holds(), &[untried()], [false; 3]);
        check(holds(), holds(), &[holds(), broken()], [false; 3]);
    }

    #[test]
    fn a_report_is_a_table() {
        let how = "two clients won".to_owned();
        let text = report(&[(Need::Commits, Verdict::Broken { how })]).to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "store: 0 of 1 clauses hold");
        assert_eq!(
            lines[1],
            "  BROKEN   name  commits      0.00 s  what is asked"
        );
        assert_eq!(lines[2].trim(), "└ two clients won");
        assert!(lines[3].starts_with("  commits are safe: no;"), "{text}");
    }
}
