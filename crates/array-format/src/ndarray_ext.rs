//! Small helps for [`ndarray`] users.

use ndarray::{ArrayD, IxDyn};

use crate::error::{Error, Result};

/// An array of this shape from its elements in C order.
///
/// # Errors
/// [`Error::InvalidArgument`] if their number does not fit the shape.
///
/// ```
/// let array = array_format::ndarray_ext::from_c_order(&[2, 2], vec![1, 2, 3, 4])?;
/// assert_eq!(array[[1, 0]], 3);
/// # Ok::<(), array_format::Error>(())
/// ```
pub fn from_c_order<T>(shape: &[usize], elements: Vec<T>) -> Result<ArrayD<T>> {
    let n = elements.len();
    ArrayD::from_shape_vec(IxDyn(shape), elements)
        .map_err(|_| Error::invalid(format!("{n} elements do not fit shape {shape:?}")))
}
