//! netCDF files, classic and 4, and HDF5 files, as far as they follow netCDF's data model.

mod hdf5;
mod read;
mod write;

pub use read::Netcdf;
pub use write::write;
