weight, wanted, alpha = (0.5, 0.8, 0.1)
input = 2.5

for step in range(20):
    guess = input * weight
    error = (guess - wanted) ** 2
    delta = guess - wanted
    change = delta * input
    weight = weight - alpha * change
    print(error, guess)
