import numpy as np

np.random.seed(1)
K = 2
D_i, D, D_o = 3, 5, 2

all_weights = [None] * (K + 1)
all_biases = [None] * (K + 1)
all_weights[0] = np.random.normal(size=(D, D_i))
all_weights[-1] = np.random.normal(size=(D_o, D))
all_biases[0] = np.random.normal(size=(D, 1))
all_biases[-1] = np.random.normal(size=(D_o, 1))
for layer in range(1, K):
    all_weights[layer] = np.random.normal(size=(D, D))
    all_biases[layer] = np.random.normal(size=(D, 1))


def ReLU(preactivation):
    return preactivation.clip(0.0)


def compute_network_output(net_input, all_weights, all_biases):
    K = len(all_weights) - 1
    all_f = [None] * (K + 1)
    all_h = [None] * (K + 1)
    all_h[0] = net_input
    for layer in range(K):
        all_f[layer] = all_biases[layer] + np.matmul(all_weights[layer], all_h[layer])
        all_h[layer + 1] = ReLU(all_f[layer])
    all_f[K] = all_biases[K] + np.matmul(all_weights[K], all_h[K])
    net_output = all_f[K]
    return net_output, all_f, all_h


def least_squares_loss(net_output, y):
    return np.sum((net_output - y) * (net_output - y))


def d_loss_d_output(net_output, y):
    return 2 * (net_output - y)


def indicator_function(x):
    return np.array(x >= 0, dtype=float)


def backward_pass(all_weights, all_biases, all_f, all_h, y):
    all_dl_dweights = [None] * (K + 1)
    all_dl_dbiases = [None] * (K + 1)
    all_dl_df = [None] * (K + 1)
    all_dl_dh = [None] * (K + 1)
    all_dl_df[K] = np.array(d_loss_d_output(all_f[K], y))
    for layer in range(K, -1, -1):
        all_dl_dbiases[layer] = np.sum(all_dl_df[layer], axis=1, keepdims=True)
        all_dl_dweights[layer] = np.matmul(all_dl_df[layer], all_h[layer].transpose())
        all_dl_dh[layer] = np.matmul(all_weights[layer].transpose(), all_dl_df[layer])
        if layer > 0:
            all_dl_df[layer - 1] = indicator_function(all_f[layer - 1]) * all_dl_dh[layer]
    return all_dl_dweights, all_dl_dbiases


net_input = np.random.normal(size=(D_i, 4))
y = np.random.normal(size=(D_o, 4))
net_output, all_f, all_h = compute_network_output(net_input, all_weights, all_biases)
loss = least_squares_loss(net_output, y)
all_dl_dweights, all_dl_dbiases = backward_pass(all_weights, all_biases, all_f, all_h, y)
for layer in range(K + 1):
    print(layer, all_dl_dweights[layer], all_dl_dbiases[layer])
