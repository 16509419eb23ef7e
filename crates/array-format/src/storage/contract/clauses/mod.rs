//! The clauses, each in a file of its own.

mod abort;
mod create;
mod create_raced;
mod delete;
mod delete_many;
mod get;
mod get_by_version;
mod list;
mod list_long;
mod list_now;
mod names;
mod put;
mod race;
mod ranges;
mod suffixes;
mod swap;
mod swap_equal;
mod swap_nothing;
mod swap_raced;
mod upload;
mod versions;
mod whole;

use super::Clause;

/// In the order in which they are tried: what others build on comes first.
pub(super) const ALL: &[Clause] = &[
    get::CLAUSE,
    ranges::CLAUSE,
    suffixes::CLAUSE,
    versions::CLAUSE,
    get_by_version::CLAUSE,
    list::CLAUSE,
    list_now::CLAUSE,
    list_long::CLAUSE,
    put::CLAUSE,
    whole::CLAUSE,
    names::CLAUSE,
    create::CLAUSE,
    create_raced::CLAUSE,
    swap::CLAUSE,
    swap_equal::CLAUSE,
    swap_nothing::CLAUSE,
    swap_raced::CLAUSE,
    delete::CLAUSE,
    delete_many::CLAUSE,
    upload::CLAUSE,
    abort::CLAUSE,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn names_differ() {
        let names: BTreeSet<_> = super::ALL.iter().map(|clause| clause.name).collect();
        assert_eq!(names.len(), super::ALL.len());
    }
}
