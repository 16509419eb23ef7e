//! Predicates over arrays: what is asked of an attribute, of a statistic, or of a name.
//!
//! A predicate is built from a subject and a test, and combined with `&`, `|` and `!`:
//!
//! ```
//! use array_format_core::select::{attribute, max};
//!
//! let warm = attribute("units").eq("degC") & max().gt(30.0);
//! assert_eq!(warm.to_string(), r#"(attribute "units" = degC and max > 30)"#);
//! ```
//!
//! A test of something that is not there is false: `attribute("units").ne("degC")` asks for arrays
//! that have other units, `!attribute("units").eq("degC")` for those without any, too. Numbers of all
//! types compare by value, exactly; text and bytes compare by bytes; a bool compares with bools, a list
//! with lists, for equality alone. Anything else is as if it were not there.

mod compare;
mod evaluate;

use std::fmt;
use std::ops::{BitAnd, BitOr, Not};

use crate::value::AttributeValue;
pub use evaluate::{Columns, Summary};

/// What is asked of each array.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicate(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Test(Subject, Test),
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
}

/// What a test looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// The value of an attribute.
    Attribute(String),
    /// The least element, the fill value and NaN aside.
    Min,
    /// The greatest element, the fill value and NaN aside.
    Max,
    /// How many elements are the fill value or were never written.
    NullCount,
    /// How many elements the array has.
    RowCount,
    /// The array's name.
    Name,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Compare(Comparison, AttributeValue),
    In(Vec<AttributeValue>),
    StartsWith(String),
    Exists,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// The value of an attribute.
pub fn attribute(key: impl Into<String>) -> Subject {
    Subject::Attribute(key.into())
}

/// The least element. Of long texts, a bound that none is below.
pub fn min() -> Subject {
    Subject::Min
}

/// The greatest element. Of long texts, a bound that none is above.
pub fn max() -> Subject {
    Subject::Max
}

/// How many elements are the fill value or were never written.
pub fn null_count() -> Subject {
    Subject::NullCount
}

/// How many elements the array has.
pub fn row_count() -> Subject {
    Subject::RowCount
}

/// The array's name.
pub fn name() -> Subject {
    Subject::Name
}

impl Subject {
    fn compared(self, how: Comparison, value: impl Into<AttributeValue>) -> Predicate {
        Predicate(Node::Test(self, Test::Compare(how, value.into())))
    }

    /// It equals `value`.
    pub fn eq(self, value: impl Into<AttributeValue>) -> Predicate {
        self.compared(Comparison::Eq, value)
    }

    /// It is there, can be compared with `value`, and differs from it.
    pub fn ne(self, value: impl Into<AttributeValue>) -> Predicate {
        self.compared(Comparison::Ne, value)
    }

    /// It is less than `value`.
    pub fn lt(self, value: impl Into<AttributeValue>) -> Predicate {
        self.compared(Comparison::Lt, value)
    }

    /// It is `value` or less.
    pub fn le(self, value: impl Into<AttributeValue>) -> Predicate {
        self.compared(Comparison::Le, value)
    }

    /// It is greater than `value`.
    pub fn gt(self, value: impl Into<AttributeValue>) -> Predicate {
        self.compared(Comparison::Gt, value)
    }

    /// It is `value` or greater.
    pub fn ge(self, value: impl Into<AttributeValue>) -> Predicate {
        self.compared(Comparison::Ge, value)
    }

    /// It equals one of these.
    pub fn is_in<V: Into<AttributeValue>>(self, values: impl IntoIterator<Item = V>) -> Predicate {
        let values = values.into_iter().map(Into::into).collect();
        Predicate(Node::Test(self, Test::In(values)))
    }

    /// It is a text that begins like this.
    pub fn starts_with(self, prefix: impl Into<String>) -> Predicate {
        Predicate(Node::Test(self, Test::StartsWith(prefix.into())))
    }

    /// It is there.
    pub fn exists(self) -> Predicate {
        Predicate(Node::Test(self, Test::Exists))
    }
}

impl BitAnd for Predicate {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        let mut all = match self.0 {
            Node::All(all) => all,
            node => vec![Self(node)],
        };
        all.push(other);
        Self(Node::All(all))
    }
}

impl BitOr for Predicate {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        let mut any = match self.0 {
            Node::Any(any) => any,
            node => vec![Self(node)],
        };
        any.push(other);
        Self(Node::Any(any))
    }
}

impl Not for Predicate {
    type Output = Self;

    fn not(self) -> Self {
        Self(Node::Not(Box::new(self)))
    }
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            f.write_str("(")?;
            for (i, part) in parts.iter().enumerate() {
                let word = if i > 0 { word } else { "" };
                write!(f, "{word}{part}")?;
            }
            f.write_str(")")
        };
        match &self.0 {
            Node::Test(subject, test) => write!(f, "{subject} {test}"),
            Node::All(parts) => joined(f, parts, " and "),
            Node::Any(parts) => joined(f, parts, " or "),
            Node::Not(inner) => write!(f, "not {inner}"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(key) => write!(f, "attribute {key:?}"),
            Self::Min => f.write_str("min"),
            Self::Max => f.write_str("max"),
            Self::NullCount => f.write_str("null count"),
            Self::RowCount => f.write_str("row count"),
            Self::Name => f.write_str("name"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(how, value) => {
                let sign = match how {
                    Comparison::Eq => "=",
                    Comparison::Ne => "!=",
                    Comparison::Lt => "<",
                    Comparison::Le => "<=",
                    Comparison::Gt => ">",
                    Comparison::Ge => ">=",
                };
                write!(f, "{sign} {value}")
            }
            Self::In(values) => {
                f.write_str("is one of ")?;
                f.debug_list()
                    .entries(
                        values
                            .iter()
                            .map(|value| format_args!("{value}").to_string()),
                    )
                    .finish()
            }
            Self::StartsWith(prefix) => write!(f, "starts with {prefix:?}"),
            Self::Exists => f.write_str("is there"),
        }
    }
}
