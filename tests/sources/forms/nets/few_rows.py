import numpy as np

np.random.seed(1)


def relu(x):
    return (x > 0) * x


def slope_of_relu(out):
    return out > 0


lights = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1], [1, 1, 1]])
go_or_stay = np.array([[1, 1, 0, 0]]).T
alpha, hidden = 0.2, 4
weights_0_1 = 2 * np.random.random((3, hidden)) - 1
weights_1_2 = 2 * np.random.random((hidden, 1)) - 1

for epoch in range(60):
    total_error = 0
    for i in range(len(lights)):
        layer_0 = lights[i : i + 1]
        layer_1 = relu(np.dot(layer_0, weights_0_1))
        layer_2 = np.dot(layer_1, weights_1_2)
        total_error += np.sum((layer_2 - go_or_stay[i : i + 1]) ** 2)
        layer_2_delta = layer_2 - go_or_stay[i : i + 1]
        layer_1_delta = layer_2_delta.dot(weights_1_2.T) * slope_of_relu(layer_1)
        weights_1_2 -= alpha * layer_1.T.dot(layer_2_delta)
        weights_0_1 -= alpha * layer_0.T.dot(layer_1_delta)
    print(total_error)
