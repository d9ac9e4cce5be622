#pragma once

// Reads orders, customers and products in the shape of the Northwind data set.

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include <nowthen/codec.h>

#include "words.h"

namespace demo {

// The fields that the demo needs; the others in the files are skipped.
struct DetailRow {
  std::int64_t productID = 0;
  double unitPrice = 0;
  std::int64_t quantity = 0;
  double discount = 0;
};
NOWTHEN_JSON(DetailRow, productID, unitPrice, quantity, discount);

struct OrderRow {
  std::int64_t orderID = 0;
  std::string customerID;
  double freight = 0;
  std::vector<DetailRow> details;
};
NOWTHEN_JSON(OrderRow, orderID, customerID, freight, details);

struct CustomerRow {
  std::string customerID;
  std::string companyName;
};
NOWTHEN_JSON(CustomerRow, customerID, companyName);

struct ProductRow {
  std::int64_t productID = 0;
  std::string name;
};
NOWTHEN_JSON(ProductRow, productID, name);

template <class Row>
std::vector<Row> read_rows(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "r"),
                                                             std::fclose);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::string text;
  char bytes[65536];
  while (const std::size_t count = std::fread(bytes, 1, sizeof bytes, file.get())) {
    text.append(bytes, count);
  }
  auto rows = nowthen::Codec<std::vector<Row>>::decode(text);
  if (!rows) throw std::runtime_error(path + ": " + rows.error().message);
  return std::move(*rows);
}

/// Money is counted in cents, each line of an order rounded by itself.
inline std::int64_t cents_of(const OrderRow& row) {
  std::int64_t cents = std::llround(row.freight * 100);
  for (const DetailRow& line : row.details) {
    const double price = line.unitPrice * static_cast<double>(line.quantity);
    cents += std::llround(price * (1 - line.discount) * 100);
  }
  return cents;
}

/// The customers of the data set have no mail addresses; example.org receives nothing (RFC 2606).
inline std::string email_of(std::string customer) {
  std::ranges::transform(customer, customer.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return customer + "@example.org";
}

inline std::vector<Order> read_orders(const std::string& folder) {
  std::unordered_map<std::int64_t, std::string> products;
  for (ProductRow& row : read_rows<ProductRow>(folder + "/products.json")) {
    products.emplace(row.productID, std::move(row.name));
  }
  std::unordered_map<std::string, std::string> customers;
  for (CustomerRow& row : read_rows<CustomerRow>(folder + "/customers.json")) {
    customers.emplace(std::move(row.customerID), std::move(row.companyName));
  }
  std::vector<Order> orders;
  for (const OrderRow& row : read_rows<OrderRow>(folder + "/orders.json")) {
    Order order;
    order.id = std::to_string(row.orderID);
    order.customer = customers.at(row.customerID);
    order.email = email_of(row.customerID);
    order.cents = cents_of(row);
    for (const DetailRow& line : row.details) {
      order.items.push_back({line.productID, products.at(line.productID), line.quantity});
    }
    orders.push_back(std::move(order));
  }
  if (orders.empty()) throw std::runtime_error(folder + " has no orders");
  return orders;
}

}  // namespace demo
