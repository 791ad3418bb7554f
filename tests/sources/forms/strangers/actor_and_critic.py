"""A loss for the critic, and one for the actor, who takes its values as given."""
import numpy as np
rng = np.random.default_rng(2)
states = rng.normal(size=(20, 4)); actions = rng.integers(0, 2, 20); returns = rng.normal(size=20)
Wa = rng.normal(size=(4, 2)) * 0.1
Wc = rng.normal(size=(4, 1)) * 0.1
logits = states @ Wa
probs = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
values = (states @ Wc)[:, 0]
adv = returns - values
critic_loss = 0.5 * (adv ** 2).mean()
actor_loss = -(np.log(probs[np.arange(20), actions]) * adv).mean()
# critic
dvalues = -adv / 20
dWc = states.T @ dvalues[:, None]
# actor (advantage is a constant here)
dlogits = probs.copy()
dlogits[np.arange(20), actions] -= 1
dlogits *= adv[:, None] / 20
dWa = states.T @ dlogits
