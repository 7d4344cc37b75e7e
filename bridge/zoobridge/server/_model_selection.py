"""Which weights of which model answer a request: looked up once, and again when something changed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zoobridge.zoo import TrustClass, choose_weights, weights_obstacle

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoobridge.backend import FrameworkFacts
    from zoobridge.engine import Engine, FrameworkState
    from zoobridge.zoo import Catalog, ModelDescription, TrustStore, WeightsDescription

__all__ = ["ModelSelection", "ModelSelector"]

_MOST = 4096


@dataclass(frozen=True, eq=False)
class ModelSelection:
    """What answers.

    Parameters
    ----------
    model
        The model, marked as trusted exactly if these weights are.
    weights
        Its weights that run.
    """

    model: ModelDescription
    weights: WeightsDescription


class ModelSelector:
    """Chooses weights; a request that names what an earlier one named costs a look-up.

    A choice holds as long as the zoo, the user's trust and the frameworks are what they were.

    Parameters
    ----------
    catalog
        The zoo.
    trust
        What the user trusts.
    engine
        Knows the frameworks.
    """

    def __init__(self, catalog: Catalog, trust: TrustStore, engine: Engine) -> None:
        self._catalog = catalog
        self._trust = trust
        self._engine = engine
        self._confined = engine.confinement()[0] != "none"
        self._looking = threading.Lock()
        self._frameworks: list[FrameworkState] = []
        self._facts: dict[str, FrameworkFacts] = {}
        self._made = _Made(None, frozenset(), self._facts, {})

    def frameworks(self) -> list[FrameworkState]:
        """Return the frameworks as last seen."""
        return self._frameworks or self.look()

    def look(self) -> list[FrameworkState]:
        """Look for the frameworks, which costs milliseconds: no request waits for it but the first."""
        with self._looking:
            states = self._engine.frameworks()
            facts = {state.name: state.facts for state in states}
            if facts != self._facts:
                self._facts = facts
            self._frameworks = states
        return states

    def pick(
        self, name: str, framework: str, find: Callable[[str], ModelDescription]
    ) -> ModelSelection:
        """Return what answers requests that name a model and a framework.

        Parameters
        ----------
        name
            ``id`` or ``id@version``.
        framework
            The framework asked for; empty for any.
        find
            Finds a model by its name.

        Raises
        ------
        ZooBridgeError
            If nothing can answer; the message names the reason and the remedy.
        """
        made = self._made
        edition, trusted = self._catalog.edition, self._trust.digests()
        if made.edition is not edition or made.trusted != trusted or made.facts is not self._facts:
            made = self._made = _Made(edition, trusted, self._facts, {})
        choice = made.choices.get((name, framework))
        if choice is None:
            model = find(name)
            weights = self.choose(model, framework)
            choice = ModelSelection(self._vouched(model, weights), weights)
            # A model has several names; anyone who writes one in endless ways must not fill the memory.
            if len(made.choices) < _MOST:
                made.choices[name, framework] = choice
        return choice

    def choose(self, model: ModelDescription, framework: str) -> WeightsDescription:
        """Return the weights to run: of the framework asked for, else the fastest safe ones.

        Raises
        ------
        ZooBridgeError
            If none can be used; the message names the reason and the remedy.
        """
        return choose_weights(
            model,
            framework,
            frameworks=self._known_facts(),
            confined=self._confined,
            trust=self._trust,
        )

    def obstacle(self, model: ModelDescription, weights: WeightsDescription) -> tuple[str, str]:
        """Return why weights cannot be used now, and the command that fixes it."""
        return weights_obstacle(
            model,
            weights,
            frameworks=self._known_facts(),
            confined=self._confined,
            trust=self._trust,
        )

    def is_usable(self, model: ModelDescription) -> bool:
        """Tell whether a model can be served: its package is sound, and some weights can run."""
        return not model.problem and any(
            self.obstacle(model, weights) == ("", "") for weights in model.weights
        )

    def _known_facts(self) -> dict[str, FrameworkFacts]:
        self.frameworks()
        return self._facts

    def _vouched(self, model: ModelDescription, weights: WeightsDescription) -> ModelDescription:
        """Return the model marked as trusted exactly if these weights are; others ask for no trust."""
        if weights.trust_class is not TrustClass.CODE:
            return model
        trusted = self._trust.trusts(weights.digest)
        return model if model.trusted == trusted else replace(model, trusted=trusted)


@dataclass(frozen=True, eq=False)
class _Made:
    """Choices, and what was known when they were made."""

    edition: object
    trusted: frozenset[str]
    facts: dict[str, FrameworkFacts]
    choices: dict[tuple[str, str], ModelSelection]
