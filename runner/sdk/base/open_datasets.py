"""The public sources of the data of ``azureml.opendatasets``, by v1's class."""

from __future__ import annotations

from types import MappingProxyType

_TAXI = "the trip record data of New York's Taxi and Limousine Commission (NYC TLC)"
_BLS = "of the U.S. Bureau of Labor Statistics"
_HOLIDAYS = "the Python package holidays, which computes them without a download"

SOURCES = MappingProxyType({
    "BingCOVID19Data": "the Bing COVID-19 data set, which Microsoft publishes on GitHub",
    "BostonSafety": "Boston's 311 service requests (Analyze Boston)",
    "COVID19OpenResearch": "CORD-19, the COVID-19 open research data set of the Allen Institute for AI",
    "COVIDTrackingProject": "the data of the COVID Tracking Project",
    "ChicagoSafety": "Chicago's 311 service requests (Chicago Data Portal)",
    "CitySafety": "the open data portal of the city",
    "Diabetes": "scikit-learn's load_diabetes, which comes with the package",
    "EcdcCOVIDCases": "the COVID-19 cases worldwide of the European Centre for Disease Prevention and Control (ECDC)",
    "MNIST": "MNIST by torchvision.datasets.MNIST or by scikit-learn's fetch_openml('mnist_784')",
    "NoaaGfsWeather": "the Global Forecast System (GFS) data of NOAA",
    "NoaaIsdWeather": "the Integrated Surface Database (ISD) of NOAA's National Centers for Environmental Information",
    "NycSafety": "New York's 311 service requests (NYC Open Data)",
    "NycTaxiBase": _TAXI,
    "NycTlcFhv": f"{_TAXI}, for-hire vehicles",
    "NycTlcGreen": f"{_TAXI}, green taxis",
    "NycTlcYellow": f"{_TAXI}, yellow taxis",
    "OjSalesSimulated": "the orange juice sales that they are simulated from: orangeJuice of the R package bayesm",
    "PublicHolidays": _HOLIDAYS,
    "PublicHolidaysOffline": _HOLIDAYS,
    "SanFranciscoSafety": "San Francisco's fire department calls for service and 311 cases (DataSF)",
    "SeattleSafety": "Seattle's real-time fire 911 calls (Seattle Open Data)",
    "UsLaborCPI": f"the Consumer Price Index {_BLS}",
    "UsLaborEHENational": f"the Current Employment Statistics, national, {_BLS}",
    "UsLaborEHEState": f"the Current Employment Statistics, states and metropolitan areas, {_BLS}",
    "UsLaborLAUS": f"the Local Area Unemployment Statistics {_BLS}",
    "UsLaborLFS": f"the Labor Force Statistics of the Current Population Survey {_BLS}",
    "UsLaborPPICommodity": f"the Producer Price Index, commodities, {_BLS}",
    "UsLaborPPIIndustry": f"the Producer Price Index, industries, {_BLS}",
    "UsPopulationCounty": "the U.S. Census Bureau's population counts of 2000 and 2010 by county",
    "UsPopulationZip": "the U.S. Census Bureau's population counts of 2000 and 2010 by ZIP code",
})  # fmt: skip
"""The well-known name of the data, or a package that has them. Datasets without a source of their own are left out."""
